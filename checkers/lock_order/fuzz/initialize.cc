// SPDX-License-Identifier: Apache-2.0
// What all fuzz targets do first: inputs that fail are kept among the test's outputs.
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const char* outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (outputs == nullptr) return 0;
  static std::string prefix = std::string("-artifact_prefix=") + outputs + "/";
  static std::vector<char*> arguments(*argv, *argv + *argc);
  arguments.insert(arguments.begin() + 1, prefix.data());  // before what the user says
  arguments.push_back(nullptr);
  *argv = arguments.data();
  *argc = static_cast<int>(arguments.size()) - 1;
  return 0;
}
