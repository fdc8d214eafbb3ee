// SPDX-License-Identifier: Apache-2.0
//
// From a program's atomic operations as they were met, by program counter, to the places in its
// source where a memory order is written. One place can be many program counters: calls are
// inlined, templates instantiated, loops unrolled.
#ifndef HEDDLE_TOOLS_HEDDLE_WEAKEN_SITES_H_
#define HEDDLE_TOOLS_HEDDLE_WEAKEN_SITES_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "checkers/explorer/report/naming.h"
#include "checkers/explorer/report/record.h"

namespace heddle::weaken {

struct SiteKey {
  std::string file;
  int line = 0;
  int column = 0;
  std::string operation;
  std::string order;
  std::string failure;  // of a compare-exchange

  auto operator<=>(const SiteKey&) const = default;
};

struct Site {
  SiteKey key;
  std::string function;  // without namespaces and template arguments: "TicketLock::unlock"
  std::string source;    // the line's text; empty if it cannot be read
  // Written in a system header, as part of something larger than the operation (a shared_ptr).
  bool library = false;
  // Per binary, addresses relative to its load address.
  std::map<std::size_t, std::set<std::uint64_t>> offsets;
  std::set<std::size_t> subjects;  // explorations that met it
  std::uint64_t count = 0;         // of visits
};

// "heddle::TicketLock<heddle::P>::lock(int)" -> "TicketLock::lock".
std::string ShortName(const std::string& function);

class Sites {
 public:
  // Source files are looked for below `directory`, and named relative to it.
  explicit Sites(std::string directory) : directory_(std::move(directory)) {}

  // Enters what an exploration of `binary` has met.
  void Add(std::size_t binary, std::size_t subject, const explorer::report::Record& record);

  // Enters those of the record that are at a known place but at a new address there, as a program
  // meets that runs with weaker orders. False: there are none.
  bool AddNew(std::size_t binary, const explorer::report::Record& record);

  // In the order of files and lines. Addresses of sites stay.
  std::vector<Site*> All();

 private:
  // The names in one binary.
  struct Binary {
    explorer::report::Record record;  // its modules
    std::unique_ptr<explorer::report::Namer> namer;
    std::map<std::uint64_t, Site> known;  // by offset, without what is common to all
  };

  Binary& Of(std::size_t binary, const explorer::report::Record& record);
  Site Locate(Binary& binary, std::uint64_t offset, const explorer::report::RecordedSite& met);

  std::string directory_;
  std::map<std::size_t, Binary> binaries_;
  std::map<SiteKey, Site> sites_;
};

}  // namespace heddle::weaken

#endif  // HEDDLE_TOOLS_HEDDLE_WEAKEN_SITES_H_
