// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/html.h"

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/html_graph.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::lock_order {
namespace {

// The browser runs the script that has the nonce and no other, whatever a name contains.
constexpr char kPolicy[] =
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; "
    "script-src 'nonce-";

constexpr char kStyle[] = R"(<style>
body{font:14px/1.4 system-ui,sans-serif;margin:0;color:#1c1c1c;background:#fff;overflow-wrap:anywhere}
h1{font-size:18px;margin:12px 16px}
#graph{width:100%;height:55vh;border-block:1px solid #ccc;background:#fafafa;cursor:grab;touch-action:none}
.lock rect{fill:#fff;stroke:#446;stroke-width:1.5}
.lock text{font-size:13px;text-anchor:middle;dominant-baseline:central}
.edge{cursor:pointer}
.edge path{fill:none;stroke:#667;stroke-width:2}
.edge .wide{stroke:transparent;stroke-width:14}
.edge:hover .line,.edge.open .line{stroke:#c30;stroke-width:3}
.edge.deadlock .line{stroke:#c30}
main{margin:16px;max-width:1100px}
section{border:1px solid #ccc;border-radius:6px;margin:12px 0;padding:4px 14px}
section.open{border-color:#c30}
h2{font-size:15px;margin:8px 0}
pre{background:#f4f4f4;padding:8px;overflow:auto;font-size:12px;margin:4px 0}
details{margin:6px 0}summary{cursor:pointer}
</style></head><body>
)";

constexpr char kScript[] = R"((() => {
  const svg = document.getElementById('graph');
  if (!svg) return;
  const box = svg.viewBox.baseVal;
  const point = (e) => {
    const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [p.x, p.y];
  };
  svg.addEventListener('wheel', (e) => {
    e.preventDefault();
    const [x, y] = point(e), k = Math.exp(e.deltaY * 0.0015);
    box.x = x - (x - box.x) * k; box.y = y - (y - box.y) * k;
    box.width *= k; box.height *= k;
  }, {passive: false});
  let from = null, moved = false;
  svg.addEventListener('pointerdown', (e) => { from = point(e); moved = false; });
  window.addEventListener('pointermove', (e) => {
    if (!from) return;
    const [x, y] = point(e);
    if (Math.hypot(x - from[0], y - from[1]) > box.width / 200) moved = true;
    box.x -= x - from[0]; box.y -= y - from[1];
  });
  window.addEventListener('pointerup', () => { from = null; });
  const open = (edge) => {
    for (const old of document.querySelectorAll('.open')) old.classList.remove('open');
    edge.classList.add('open');
    const details = document.getElementById(edge.dataset.details);
    details.open = true;
    details.closest('section').classList.add('open');
    details.scrollIntoView({block: 'nearest'});
  };
  for (const edge of svg.querySelectorAll('.edge')) {
    edge.addEventListener('click', () => { if (!moved) open(edge); });
    edge.addEventListener('keydown', (e) => { if (e.key === 'Enter') open(edge); });
  }
})();
)";

std::string Nonce() {
  std::random_device random;
  std::string nonce;
  for (int i = 0; i < 4; ++i) absl::StrAppend(&nonce, absl::Hex(random(), absl::kZeroPad8));
  return nonce;
}

std::string Frames(const std::vector<ReportFrame>& frames) {
  std::string out = "<pre>";
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const ReportFrame& frame = frames[i];
    absl::StrAppend(&out, "#", i, " ",
                    EscapeHtml(frame.function.empty() ? absl::StrCat("0x", absl::Hex(frame.pc))
                                                      : frame.function));
    if (!frame.file.empty()) {
      absl::StrAppend(&out, " ", EscapeHtml(frame.file),
                      frame.line > 0 ? absl::StrCat(":", frame.line) : "");
    } else if (!frame.module.empty()) {
      absl::StrAppend(&out, " (", EscapeHtml(frame.module), "+0x", absl::Hex(frame.offset), ")");
    }
    absl::StrAppend(&out, frame.inlined ? " (inlined)\n" : "\n");
  }
  return out + "</pre>";
}

std::string Stack(const ReportStack& stack) {
  return absl::StrCat("<p>", EscapeHtml(stack.title), "</p>", Frames(stack.frames), "\n");
}

std::string Section(const ReportFinding& finding, std::size_t number) {
  std::string out = absl::StrCat("<section id=\"f", number, "\"><h2>", number + 1, ". ",
                                 EscapeHtml(finding.headline), "</h2>\n");
  if (!finding.path.empty())
    absl::StrAppend(&out, "<p><b>", EscapeHtml(finding.path), "</b></p>\n");
  absl::StrAppend(&out, "<ul>");
  for (const ReportLock& lock : finding.locks) {
    absl::StrAppend(
        &out, "<li>", EscapeHtml(absl::StrCat(lock.id, ": ", lock.kind, " ", lock.label)),
        lock.address != 0 ? absl::StrCat(" (0x", absl::Hex(lock.address), ")") : "", "</li>");
  }
  absl::StrAppend(&out, "</ul>\n");
  for (std::size_t e = 0; e < finding.edges.size(); ++e) {
    const ReportEdge& edge = finding.edges[e];
    absl::StrAppend(&out, "<details id=\"e", number, "-", e, "\"><summary>",
                    EscapeHtml(absl::StrCat(finding.locks[edge.from].id, " → ",
                                            finding.locks[edge.to].id, ", ", edge.thread)),
                    "</summary>\n");
    for (const ReportStack& stack : edge.stacks) absl::StrAppend(&out, Stack(stack));
    absl::StrAppend(&out, "</details>\n");
  }
  for (const ReportStack& stack : finding.stacks) absl::StrAppend(&out, Stack(stack));
  for (const std::string& remark : finding.remarks) {
    absl::StrAppend(&out, "<p>", EscapeHtml(remark), "</p>\n");
  }
  if (!finding.advice.empty()) {
    absl::StrAppend(&out, "<p><b>What to do:</b> ", EscapeHtml(finding.advice), "</p>\n");
  }
  if (finding.similar > 0) {
    absl::StrAppend(&out, "<p>The same code makes ", finding.similar,
                    " more such cycles of other locks.</p>\n");
  }
  return out + "</section>\n";
}

// Browsers take minutes to lay out a word of 100,000 letters.
std::string Shortened(std::string text) {
  if (text.size() <= kLongestHtmlText) return text;
  std::size_t end = kLongestHtmlText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "… (", text.size() - end, " more bytes)");
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  std::string result;
  for (const char c : Shortened(Printable(text))) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string ReportAsHtml(const Report& report) {
  const std::string drawing = DrawLocks(report);
  const std::string nonce = Nonce();
  std::string out = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<title>Lock order</title>\n<meta http-equiv=\"Content-Security-Policy\" content=\"",
      kPolicy, nonce, "'\">\n", kStyle, "<h1>Lock order: ", report.findings.size(),
      " finding(s)</h1>\n");
  absl::StrAppend(&out, drawing, "<main>\n");
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    absl::StrAppend(&out, Section(report.findings[i], i));
  }
  for (const SuppressionCount& count : report.suppressions) {
    absl::StrAppend(&out, "<p>Suppressed ", count.matches, ": ", EscapeHtml(count.pattern),
                    "</p>\n");
  }
  for (const std::string& note : report.notes) {
    absl::StrAppend(&out, "<p>Note: ", EscapeHtml(note), "</p>\n");
  }
  return absl::StrCat(out, "</main>\n<script nonce=\"", nonce, "\">\n", kScript,
                      "</script>\n</body></html>\n");
}

}  // namespace heddle::lock_order
