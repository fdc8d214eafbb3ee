// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/lockorder.h"

int main(int argc, char** argv) { return heddle::RunLockorder({argv + 1, argv + argc}); }
