// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/explore_objects.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace heddle::explore {
namespace {

constexpr char kInterface[] = "__tsan_";

struct CloseFile {
  void operator()(const int* fd) const { close(*fd); }
};
struct EndElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using OwnElf = std::unique_ptr<Elf, EndElf>;

bool HasCode(Elf* elf) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    if ((header.sh_flags & SHF_EXECINSTR) != 0 && header.sh_size > 0) return true;
  }
  return false;
}

bool RefersToInterface(Elf* elf) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_SYMTAB) continue;
    Elf_Data* const data = elf_getdata(section, nullptr);
    if (data == nullptr || header.sh_entsize == 0) continue;
    const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
    for (int i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, i, &symbol) == nullptr || symbol.st_shndx != SHN_UNDEF) continue;
      const char* const name = elf_strptr(elf, header.sh_link, symbol.st_name);
      if (name != nullptr && absl::StartsWith(name, kInterface)) return true;
    }
  }
  return false;
}

bool IsUninstrumented(Elf* elf) {
  return elf_kind(elf) == ELF_K_ELF && HasCode(elf) && !RefersToInterface(elf);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Uninstrumented(const std::string& path) {
  elf_version(EV_CURRENT);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  const std::unique_ptr<const int, CloseFile> file(&fd);
  const OwnElf whole(elf_begin(fd, ELF_C_READ, nullptr));
  const Elf_Kind kind = whole == nullptr ? ELF_K_NONE : elf_kind(whole.get());
  if (kind != ELF_K_ELF && kind != ELF_K_AR) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no object and no archive"));
  }
  std::vector<std::string> found;
  if (kind == ELF_K_ELF) {
    if (IsUninstrumented(whole.get())) found.push_back(path);
    return found;
  }
  Elf_Cmd command = ELF_C_READ;
  while (command != ELF_C_NULL) {
    const OwnElf member(elf_begin(fd, command, whole.get()));
    if (member == nullptr) break;
    const Elf_Arhdr* const header = elf_getarhdr(member.get());
    if (header != nullptr && IsUninstrumented(member.get())) {
      found.push_back(absl::StrCat(path, "(", header->ar_name, ")"));
    }
    command = elf_next(member.get());
  }
  return found;
}

}  // namespace heddle::explore
