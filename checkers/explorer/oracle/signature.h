// SPDX-License-Identifier: Apache-2.0
//
// Execution graphs and outcomes as text, the same for graphs from the search and from the oracle.
#ifndef HEDDLE_CHECKERS_EXPLORER_ORACLE_SIGNATURE_H_
#define HEDDLE_CHECKERS_EXPLORER_ORACLE_SIGNATURE_H_

#include <string>
#include <vector>

#include "checkers/explorer/oracle/axioms.h"
#include "checkers/explorer/oracle/interpreter.h"
#include "checkers/explorer/oracle/program.h"

namespace heddle::explorer::oracle {

// "1: Wx=1 Ry=0<init | 2: Wy=1 Rx=1<1.0 | x: 1.0 | y: 2.0". Events are counted without those of
// threads' lives.
std::string Signature(const Program& program, const Execution& execution);

// "1.r0=1 2.r1=0 x=1": registers that are not 0, and what is in memory at the end.
std::string Outcome(const Program& program, const Execution& execution,
                    const std::vector<ThreadState>& threads);

}  // namespace heddle::explorer::oracle

#endif  // HEDDLE_CHECKERS_EXPLORER_ORACLE_SIGNATURE_H_
