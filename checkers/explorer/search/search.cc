// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/search/search.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/event.h"
#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/search/search_impl.h"

namespace heddle::explorer {

Value Updated(const Update& update, Value old, std::uint8_t size) {
  Value result = update.operand;
  switch (update.operation) {
    case Rmw::kExchange:
    case Rmw::kCompareExchange:
      break;
    case Rmw::kAdd:
      result = old + update.operand;
      break;
    case Rmw::kSub:
      result = old - update.operand;
      break;
    case Rmw::kAnd:
      result = old & update.operand;
      break;
    case Rmw::kOr:
      result = old | update.operand;
      break;
    case Rmw::kXor:
      result = old ^ update.operand;
      break;
    case Rmw::kNand:
      result = ~(old & update.operand);
      break;
  }
  if (size < sizeof(Value)) result &= (Value{1} << (8 * size)) - 1;
  return result;
}

Search::Search(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Search::~Search() = default;
bool Search::Begin() { return impl_->Begin(); }
ThreadId Search::Next() { return impl_->Next(); }
Ending Search::End() { return impl_->End(); }
bool Search::Skip(const std::vector<Event>& events) { return impl_->Skip(events); }
bool Search::TooLong() const { return impl_->TooLong(); }
bool Search::Complete() const { return impl_->Complete(); }
bool Search::LeftOut() const { return impl_->LeftOut(); }
bool Search::SymmetryFailed() const { return impl_->SymmetryFailed(); }
bool Search::Symmetric() const { return impl_->LeftOutTwins(); }
Answer Search::Load(ThreadId thread, const Access& access, Admits* admits) {
  return impl_->Read(thread, access, nullptr, admits);
}
Answer Search::Store(ThreadId thread, const Access& access, Value value) {
  return impl_->Store(thread, access, value);
}
Answer Search::DoUpdate(ThreadId thread, const Access& access, const Update& update,
                        Admits* admits) {
  return impl_->Read(thread, access, &update, admits);
}
Answer Search::Fence(ThreadId thread, Order order, Site site) {
  return impl_->Fence(thread, order, site);
}
Answer Search::Create(ThreadId thread, Site site, ThreadId like) {
  return impl_->Create(thread, site, like);
}
Answer Search::Join(ThreadId thread, ThreadId joined, Site site) {
  return impl_->Join(thread, joined, site);
}
bool Search::JoinAtOnce(ThreadId thread, ThreadId joined, Site site) {
  return impl_->JoinAtOnce(thread, joined, site);
}
Answer Search::Finish(ThreadId thread) { return impl_->Finish(thread); }
Search::Repeated Search::Repeat(ThreadId thread, const Arrival& arrival) {
  return impl_->Repeat(thread, arrival);
}
Answer Search::Choose(ThreadId thread, int choices, Site site, bool of_wait) {
  return impl_->Choose(thread, choices, site, of_wait);
}
Answer Search::Block(ThreadId thread, int first, Site /*site*/) {
  return impl_->Block(thread, first);
}
Effect Search::EffectOf(ThreadId thread, int first) const { return impl_->EffectOf(thread, first); }
bool Search::AreAlone(ThreadId thread, int first, int last) const {
  return impl_->AreAlone(thread, first, last);
}

bool Search::WritesTwice(const TwoTurns& turns) const { return impl_->WritesTwice(turns); }
Search::OtherWriter Search::WriterBetween(const TwoTurns& turns) const {
  return impl_->WriterBetween(turns);
}
void Search::GiveUp() { impl_->GiveUp(); }
void Search::Reset() { impl_->Reset(); }
int Search::Position(ThreadId thread) const { return impl_->Position(thread); }
Search::Place Search::PlaceOf(ThreadId thread) const {
  return {&impl_->ProgramClock(thread), impl_->Position(thread)};
}
const View& Search::Clock(ThreadId thread) const { return impl_->ProgramClock(thread); }
const View& Search::ClockOf(EventId event) const { return impl_->ProgramClockOf(event); }
bool Search::OrdersAll() const { return impl_->OrdersAll(); }
const Graph& Search::graph() const { return impl_->graph(); }
std::uintptr_t Search::AddressOf(LocationId location) const { return impl_->AddressOf(location); }
double Search::Done() const { return impl_->Done(); }
void Search::Estimate() { impl_->Estimate(); }
bool Search::Estimates() const { return impl_->Estimates(); }
double Search::Explored() const { return impl_->Explored(); }
const Counts& Search::counts() const { return impl_->counts(); }
const std::string& Search::Failure() const { return impl_->failure(); }
std::string Search::Save() const { return impl_->Save(nullptr); }
bool Search::Restore(std::string_view text) { return impl_->Restore(text); }
std::string Search::Save(const Part& part) const { return impl_->Save(&part); }
bool Search::IsPart() const { return impl_->IsPart(); }
bool Search::Holds(ThreadId thread) { return impl_->Holds(thread); }
void Search::Announce(ThreadId thread, Origin origin) { impl_->Announce(thread, origin); }
void Search::SetCounts(const Counts& counts) { impl_->SetCounts(counts); }
std::size_t Search::Split() { return impl_->Split(); }
double Search::PieceWeight(std::size_t piece) const { return impl_->PieceWeight(piece); }
void Search::ChoosePiece(std::size_t piece) { impl_->ChoosePiece(piece); }

}  // namespace heddle::explorer
