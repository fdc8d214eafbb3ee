// SPDX-License-Identifier: Apache-2.0
//
// Our SARIF against the standard's JSON schema.
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkers/lock_order/report/sarif.h"
#include "checkers/lock_order/report/test_report.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "valijson/adapters/nlohmann_json_adapter.hpp"
#include "valijson/schema.hpp"
#include "valijson/schema_parser.hpp"
#include "valijson/validation_results.hpp"
#include "valijson/validator.hpp"

namespace heddle::lock_order {
namespace {

using nlohmann::json;
using valijson::adapters::NlohmannJsonAdapter;

constexpr char kSchema[] = "third_party/sarif/sarif-2.1.0-rtm.5.json";

class SarifSchema : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::ifstream file(kSchema);
    ASSERT_TRUE(file) << kSchema;
    document_ = new json(json::parse(file));
    schema_ = new valijson::Schema;
    valijson::SchemaParser(valijson::SchemaParser::kDraft4)
        .populateSchema(NlohmannJsonAdapter(*document_), *schema_);
  }
  static void TearDownTestSuite() {
    delete schema_;
    delete document_;
  }

  // What is wrong; empty: nothing.
  static std::string Problems(const json& sarif) {
    valijson::Validator validator;
    valijson::ValidationResults results;
    const bool valid = validator.validate(*schema_, NlohmannJsonAdapter(sarif), &results);
    std::ostringstream text;
    for (valijson::ValidationResults::Error error; results.popError(error);) {
      for (const std::string& part : error.context) text << part;
      text << ": " << error.description << "\n";
    }
    return valid ? "" : absl::StrCat("invalid\n", text.str());
  }

  static json* document_;
  static valijson::Schema* schema_;
};

json* SarifSchema::document_ = nullptr;
valijson::Schema* SarifSchema::schema_ = nullptr;

// What the schema says by "format", which the validator does not look at.
void CheckUris(const json& value, const std::string& key = "") {
  if (value.is_string() && key == "uri") {
    const std::string& uri = value.get_ref<const std::string&>();
    EXPECT_FALSE(absl::StartsWith(uri, "//")) << "names a host: " << uri;
    for (std::size_t i = 0; i < uri.size(); ++i) {
      const auto c = static_cast<unsigned char>(uri[i]);
      if (c == '%') {
        EXPECT_TRUE(i + 2 < uri.size() && std::isxdigit(uri[i + 1]) != 0 &&
                    std::isxdigit(uri[i + 2]) != 0)
            << uri;
      } else {
        EXPECT_TRUE(c < 0x80 &&
                    (std::isalnum(c) != 0 || std::string("-._~/:").find(c) != std::string::npos))
            << uri.substr(0, 100);
      }
    }
    const std::size_t colon = uri.find(':');
    EXPECT_TRUE(colon == std::string::npos || absl::StartsWith(uri, "file:///")) << uri;
  }
  if (!value.is_structured()) return;
  for (const auto& [name, part] : value.items()) CheckUris(part, name);
}

TEST_F(SarifSchema, AcceptsEveryKindOfFinding) {
  for (const FindingKind& kind : FindingKinds()) {
    Report report = OneCycle("account");
    report.findings[0].kind = kind.kind;
    EXPECT_EQ(Problems(json::parse(ReportAsSarif(report))), "") << kind.kind;
  }
}

TEST_F(SarifSchema, AcceptsReportsWithMuchAndWithNothing) {
  EXPECT_EQ(Problems(json::parse(ReportAsSarif(Report{}))), "");
  Report report = EverywhereIn("account");
  for (int i = 0; i < 50; ++i) report.findings.push_back(report.findings[0]);
  report.notes.push_back(report.notes[0]);
  report.findings[1].edges.clear();
  report.findings[1].stacks.clear();
  report.findings[2].stacks[0].frames.clear();
  EXPECT_EQ(Problems(json::parse(ReportAsSarif(report))), "");
}

TEST_F(SarifSchema, AcceptsHostileNames) {
  for (const std::string& name : HostileNames()) {
    const json sarif = json::parse(ReportAsSarif(EverywhereIn(name)));
    EXPECT_EQ(Problems(sarif), "") << name.substr(0, 100);
    CheckUris(sarif);
  }
}

TEST_F(SarifSchema, IsNotSatisfiedByEverything) {
  const json good = json::parse(ReportAsSarif(EverywhereIn("account")));
  const std::function<void(json&)> kBreaks[] = {
      [](json& sarif) { sarif.erase("version"); },
      [](json& sarif) { sarif["version"] = "2.0.0"; },
      [](json& sarif) { sarif["runs"][0].erase("tool"); },
      [](json& sarif) { sarif["runs"][0]["results"][0].erase("message"); },
      [](json& sarif) { sarif["runs"][0]["results"][0]["level"] = "fatal"; },
      [](json& sarif) { sarif["runs"][0]["results"][0]["line"] = 1; },
      [](json& sarif) { sarif["runs"][0]["results"][0]["stacks"][0].erase("frames"); },
      [](json& sarif) {
        sarif["runs"][0]["results"][0]["codeFlows"][0]["threadFlows"] = json::array();
      },
  };
  for (const auto& break_it : kBreaks) {
    json bad = good;
    break_it(bad);
    ASSERT_NE(bad, good);
    EXPECT_NE(Problems(bad), "") << bad.dump(1).substr(0, 300);
  }
}

}  // namespace
}  // namespace heddle::lock_order
