// SPDX-License-Identifier: Apache-2.0
//
// A report for tests of the formats.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEST_REPORT_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEST_REPORT_H_

#include <string>
#include <vector>

#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

inline ReportStack TestStack(const std::string& title, const std::string& function, int line) {
  ReportFrame frame;
  frame.pc = 0x1000;
  frame.function = function;
  frame.file = "/src/bank account.cc";
  frame.line = line;
  frame.module = "/bin/app";
  frame.offset = 0x20;
  return {.title = title, .frames = {frame}};
}

// M1 is called `name`, and so is a function.
inline Report OneCycle(const std::string& name) {
  ReportFinding finding;
  finding.kind = "cycle";
  finding.headline = "lock-order inversion (potential deadlock)";
  finding.path = "M1 -> M2 -> M1";
  finding.locks = {
      {.id = "M1",
       .label = name,
       .kind = "mutex",
       .lock_class = name,
       .address = 16,
       .created = {}},
      {.id = "M2", .label = "b", .kind = "mutex", .lock_class = "b", .address = 32, .created = {}}};
  finding.edges = {{.thread = "thread T2",
                    .from = 0,
                    .to = 1,
                    .stacks = {TestStack("it holds M1, acquired here:", "Pay(int)", 10),
                               TestStack("and acquires M2 here:", "Pay(int)", 11)}},
                   {.thread = "thread T3",
                    .from = 1,
                    .to = 0,
                    .stacks = {TestStack("it holds M2, acquired here:", name, 20),
                               TestStack("and acquires M1 here:", name, 21)}}};
  finding.advice = "Acquire them in one order.";
  finding.pid = 7;
  Report report;
  report.findings.push_back(finding);
  return report;
}

// `text` wherever a report has text that comes from a program or its user.
inline Report EverywhereIn(const std::string& text) {
  Report report = OneCycle(text);
  ReportFinding& finding = report.findings[0];
  finding.headline = text;
  finding.program = text;
  finding.remarks = {text};
  finding.locks[1].label = finding.locks[1].lock_class = text;
  ReportFrame frame;
  frame.function = frame.file = frame.module = frame.directory = text;
  frame.line = 3;
  frame.column = 5;
  ReportFrame in_module = frame;
  in_module.file.clear();
  ReportFrame unknown;
  unknown.pc = 0x2000;
  finding.locks[0].created = {frame};
  for (ReportEdge& edge : finding.edges) edge.thread = text;
  finding.edges[0].stacks[0].frames = {in_module, frame, unknown};
  finding.edges[0].stacks[0].title = text;
  finding.edges[1].stacks[1].frames.clear();
  finding.stacks = {{.title = text, .frames = {frame}}, {.title = text, .frames = {unknown}}};
  report.notes = {text};
  report.suppressions = {{.pattern = text, .matches = 1}};
  return report;
}

// What an attacker would call a function or a file.
inline std::vector<std::string> HostileNames() {
  return {"</script><script>document.title='owned'</script>",
          "<img src=x onerror=\"document.title='owned'\">",
          "\" onload=\"document.title='owned'\" x=\"",
          "' onmouseover='document.title=1' ",
          "</title><script>document.title='owned'</script>",
          "--><script>document.title='owned'</script><!--",
          "]]></svg><script>document.title='owned'</script>",
          "javascript:document.title='owned'",
          "&lt;&#0;&amp;",
          "\u202e\u2066right to left\u2069",
          "a\x1b[31mb\nc\rd\te",
          "\xff\xfe\xc0\xaf\xed\xa0\x80",
          std::string("nul\0inside", 10),
          "\\u003cscript\\u003e",
          "%s%n%99999d",
          "../../../../etc/passwd",
          std::string(100'000, 'A'),
          ""};
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEST_REPORT_H_
