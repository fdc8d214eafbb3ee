// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/browser.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace heddle::lock_order {
namespace {

using nlohmann::json;

constexpr int kPatienceMs = 60'000;

[[noreturn]] void Fail(absl::string_view what) {
  std::fprintf(stderr, "browser: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

}  // namespace

Browser::Browser(const std::string& program, const std::string& profile) {
  std::array<int, 2> commands{};
  std::array<int, 2> answers{};
  if (pipe2(commands.data(), O_CLOEXEC) != 0 || pipe2(answers.data(), O_CLOEXEC) != 0) {
    Fail(std::strerror(errno));
  }
  // Clear of 3 and 4, which the child overwrites.
  const int read_end = fcntl(commands[0], F_DUPFD_CLOEXEC, 10);
  const int write_end = fcntl(answers[1], F_DUPFD_CLOEXEC, 10);
  const std::string data = absl::StrCat("--user-data-dir=", profile);
  child_ = fork();
  if (child_ < 0) Fail(std::strerror(errno));
  if (child_ == 0) {
    dup2(read_end, 3);
    dup2(write_end, 4);
    dup2(open("/dev/null", O_WRONLY), 2);  // it misses a desktop, at length
    setenv("HOME", profile.c_str(), 1);
    execlp(program.c_str(), program.c_str(), "--headless", "--remote-debugging-pipe",
           "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-sandbox",
           "--disable-background-networking", "--disable-component-update", "--disable-sync",
           "--window-size=1200,900", data.c_str(), "about:blank", nullptr);
    _exit(127);
  }
  close(read_end);
  close(write_end);
  close(commands[0]);
  close(answers[1]);
  to_ = commands[1];
  from_ = answers[0];

  const json target = Call("Target.createTarget", {{"url", "about:blank"}});
  session_ = Call("Target.attachToTarget", {{"targetId", target.at("targetId")}, {"flatten", true}})
                 .at("sessionId");
  for (const char* domain : {"Page", "Runtime", "Log", "Network"}) {
    Call(absl::StrCat(domain, ".enable"), json::object());
  }
}

Browser::~Browser() {
  close(to_);
  close(from_);
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

void Browser::Open(const std::string& url) {
  problems_.clear();
  requests_.clear();
  loaded_ = false;
  Call("Page.navigate", {{"url", url}});
  while (!loaded_) Note(Receive());
}

json Browser::Evaluate(const std::string& expression) {
  const json result =
      Call("Runtime.evaluate",
           {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
  if (result.contains("exceptionDetails")) {
    Fail(absl::StrCat(expression, ": ", result.at("exceptionDetails").dump()));
  }
  return result.at("result").value("value", json());
}

void Browser::Mouse(const std::string& type, double x, double y, double wheel) {
  json event = {{"type", type}, {"x", x}, {"y", y}};
  if (type == "mouseWheel") {
    event["deltaX"] = 0;
    event["deltaY"] = wheel;
  } else {
    event["button"] = "left";
    event["buttons"] = type == "mouseReleased" ? 0 : 1;
    event["clickCount"] = 1;
  }
  Call("Input.dispatchMouseEvent", event);
}

void Browser::Click(double x, double y) {
  Mouse("mousePressed", x, y);
  Mouse("mouseReleased", x, y);
}

void Browser::Key(const std::string& key) {
  for (const char* type : {"rawKeyDown", "keyUp"}) {
    Call("Input.dispatchKeyEvent", {{"type", type}, {"key", key}, {"code", key}});
  }
}

json Browser::Call(const std::string& method, const json& parameters) {
  const int id = next_id_++;
  json message = {{"id", id}, {"method", method}, {"params", parameters}};
  if (!session_.empty()) message["sessionId"] = session_;
  const std::string text = message.dump();
  for (std::size_t sent = 0; sent <= text.size();) {  // the NUL too
    const ssize_t count = write(to_, text.c_str() + sent, text.size() + 1 - sent);
    if (count < 0 && errno != EINTR) Fail(absl::StrCat(method, ": ", std::strerror(errno)));
    if (count > 0) sent += count;
  }
  for (;;) {
    json answer = Receive();
    if (answer.value("id", 0) != id) {
      Note(answer);
      continue;
    }
    if (answer.contains("error")) Fail(absl::StrCat(method, ": ", answer["error"].dump()));
    return std::move(answer["result"]);
  }
}

json Browser::Receive() {
  for (;;) {
    const std::size_t end = received_.find('\0');
    if (end != std::string::npos) {
      json message = json::parse(received_.substr(0, end));
      received_.erase(0, end + 1);
      return message;
    }
    pollfd ready = {.fd = from_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kPatienceMs) == 0) Fail("no answer");
    std::array<char, 65536> buffer{};
    const ssize_t count = read(from_, buffer.data(), buffer.size());
    if (count == 0) Fail("it ended, or could not be started");
    if (count < 0 && errno != EINTR) Fail(std::strerror(errno));
    if (count > 0) received_.append(buffer.data(), count);
  }
}

void Browser::Note(const json& event) {
  const std::string method = event.value("method", "");
  const json& what = event.contains("params") ? event.at("params") : event;
  if (method == "Page.loadEventFired") loaded_ = true;
  if (method == "Runtime.exceptionThrown") problems_.push_back(what.dump());
  if (method == "Runtime.consoleAPICalled" && what.value("type", "") == "error") {
    problems_.push_back(what.dump());
  }
  if (method == "Log.entryAdded" && what.at("entry").value("level", "") == "error") {
    problems_.push_back(what.dump());
  }
  if (method == "Network.requestWillBeSent") requests_.push_back(what.at("request").at("url"));
}

}  // namespace heddle::lock_order
