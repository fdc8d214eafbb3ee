// SPDX-License-Identifier: Apache-2.0
//
// What libstdc++ itself does for std::map, std::set and std::list, whose functions are templates
// otherwise, and so instrumented with the program: it links nodes, and goes from one to the next.
// Inserting and erasing modify the container as such, whatever links they change
// ([res.on.data.races] and [container.requirements.dataraces] of the C++ standard), which its
// header node stands for.
#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/plain.h"

namespace heddle::explorer {
namespace {

using Node = std::_Rb_tree_node_base;
using Link = std::__detail::_List_node_base;

template <typename T>
void Read(const T& object, Site site) {
  PlainRange(reinterpret_cast<std::uintptr_t>(&object), sizeof(T), false, site);
}

template <typename T>
void Write(const T& object, Site site) {
  PlainRange(reinterpret_cast<std::uintptr_t>(&object), sizeof(T), true, site);
}

// The nodes of a tree that a change of its structure can change, as they were before.
class Before {
 public:
  // From the node up to the root: each with its children and theirs.
  explicit Before(Node* lowest, const Node& header) {
    for (Node* node = lowest; node != nullptr && node != &header; node = node->_M_parent) {
      Add(node, 2);
    }
  }

  void WriteChanges(Site site) const {
    for (std::size_t i = 0; i < size_; ++i) {
      const Node& now = *nodes_[i];
      const Node& was = copies_[i];
      if (now._M_color != was._M_color) Write(now._M_color, site);
      if (now._M_parent != was._M_parent) Write(now._M_parent, site);
      if (now._M_left != was._M_left) Write(now._M_left, site);
      if (now._M_right != was._M_right) Write(now._M_right, site);
    }
  }

 private:
  // A tree of as many nodes as fit into the heap is less than 48 high.
  static constexpr std::size_t kMost = std::size_t{48} * 7;

  void Add(Node* node, int generations) {
    if (node == nullptr || size_ == kMost) return;
    nodes_[size_] = node;
    copies_[size_++] = *node;
    if (generations == 0) return;
    Add(node->_M_left, generations - 1);
    Add(node->_M_right, generations - 1);
  }

  std::array<Node*, kMost> nodes_;
  std::array<Node, kMost> copies_;
  std::size_t size_ = 0;
};

// Of a node that is erased: where two subtrees hang on it, its successor takes its place.
Node* LowestToChange(Node* node) {
  if (node->_M_left == nullptr || node->_M_right == nullptr) return node;
  Node* lowest = node->_M_right;
  while (lowest->_M_left != nullptr) lowest = lowest->_M_left;
  return lowest;
}

Node* Follow(Node* const& link, Site site) {
  Read(link, site);
  return link;
}

// The next node in order; behind the last one it is the header, whose parent is the root.
Node* Next(Node* node, Site site) {
  if (Node* right = Follow(node->_M_right, site); right != nullptr) {
    while (Node* const left = Follow(right->_M_left, site)) right = left;
    return right;
  }
  Node* above = Follow(node->_M_parent, site);
  while (Follow(above->_M_right, site) == node) {
    node = above;
    above = Follow(node->_M_parent, site);
  }
  return node->_M_right == above ? node : above;
}

Node* Previous(Node* node, Site site) {
  const bool may_be_header = node->_M_color == std::_S_red;
  if (may_be_header && Follow(node->_M_parent, site)->_M_parent == node) {
    return Follow(node->_M_right, site);
  }
  if (Node* left = Follow(node->_M_left, site); left != nullptr) {
    while (Node* const right = Follow(left->_M_right, site)) left = right;
    return left;
  }
  Node* above = Follow(node->_M_parent, site);
  while (Follow(above->_M_left, site) == node) {
    node = above;
    above = Follow(node->_M_parent, site);
  }
  return above;
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

// The C++ library's function of a mangled name, in its stead, and g_NAME, its own. Weak, for
// programs that have that linked in. Nothing is looked up while a program is explored: that would
// be within one of its loops.
#define CONTAINER_FUNCTION(result, name, mangled, parameters, ...)                             \
  HEDDLE_INTERPOSE result heddle_explorer_##name parameters noexcept __asm__(mangled);         \
  namespace {                                                                                  \
  decltype(&heddle_explorer_##name) g_##name;                                                  \
  [[gnu::constructor]] void Find_##name() {                                                    \
    g_##name = reinterpret_cast<decltype(&heddle_explorer_##name)>(dlsym(RTLD_NEXT, mangled)); \
  }                                                                                            \
  }                                                                                            \
  __attribute__((weak)) result heddle_explorer_##name parameters noexcept {                    \
    if (g_##name == nullptr) Find_##name();                                                    \
    const Site site = HEDDLE_CALLER;                                                           \
    __VA_ARGS__                                                                                \
  }

CONTAINER_FUNCTION(void, insert,
                   "_ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_",
                   (bool left, Node* node, Node* parent, Node& header), {
                     if (!Exploring()) return g_insert(left, node, parent, header);
                     Write(header, site);
                     Write(*node, site);
                     const Before before(parent, header);
                     g_insert(left, node, parent, header);
                     before.WriteChanges(site);
                   })

CONTAINER_FUNCTION(Node*, erase, "_ZSt28_Rb_tree_rebalance_for_erasePSt18_Rb_tree_node_baseRS_",
                   (Node * node, Node& header), {
                     if (!Exploring()) return g_erase(node, header);
                     Write(header, site);
                     const Before before(LowestToChange(node), header);
                     Node* const erased = g_erase(node, header);
                     before.WriteChanges(site);
                     return erased;
                   })

CONTAINER_FUNCTION(Node*, increment, "_ZSt18_Rb_tree_incrementPSt18_Rb_tree_node_base",
                   (Node * node), { return Exploring() ? Next(node, site) : g_increment(node); })

CONTAINER_FUNCTION(Node*, increment_const, "_ZSt18_Rb_tree_incrementPKSt18_Rb_tree_node_base",
                   (Node * node),
                   { return Exploring() ? Next(node, site) : g_increment_const(node); })

CONTAINER_FUNCTION(Node*, decrement, "_ZSt18_Rb_tree_decrementPSt18_Rb_tree_node_base",
                   (Node * node),
                   { return Exploring() ? Previous(node, site) : g_decrement(node); })

CONTAINER_FUNCTION(Node*, decrement_const, "_ZSt18_Rb_tree_decrementPKSt18_Rb_tree_node_base",
                   (Node * node),
                   { return Exploring() ? Previous(node, site) : g_decrement_const(node); })

CONTAINER_FUNCTION(void, hook, "_ZNSt8__detail15_List_node_base7_M_hookEPS0_",
                   (Link * node, Link* before), {
                     if (Exploring()) {
                       Write(*node, site);
                       Write(before->_M_prev, site);
                       Write(before->_M_prev->_M_next, site);
                     }
                     g_hook(node, before);
                   })

CONTAINER_FUNCTION(void, unhook, "_ZNSt8__detail15_List_node_base9_M_unhookEv", (Link * node), {
  if (Exploring()) {
    Read(*node, site);
    Write(node->_M_next->_M_prev, site);
    Write(node->_M_prev->_M_next, site);
  }
  g_unhook(node);
})

CONTAINER_FUNCTION(void, transfer, "_ZNSt8__detail15_List_node_base11_M_transferEPS0_S1_",
                   (Link * before, Link* first, Link* last), {
                     if (Exploring() && before != last) {
                       for (Link* const link : {before, first, last}) {
                         Write(link->_M_prev->_M_next, site);
                         Write(link->_M_prev, site);
                       }
                     }
                     g_transfer(before, first, last);
                   })

CONTAINER_FUNCTION(void, reverse, "_ZNSt8__detail15_List_node_base10_M_reverseEv", (Link * list), {
  if (Exploring()) {
    const Link* node = list;
    do {
      Write(*node, site);
      node = node->_M_next;
    } while (node != list);
  }
  g_reverse(list);
})

CONTAINER_FUNCTION(void, swap, "_ZNSt8__detail15_List_node_base4swapERS0_S1_", (Link & a, Link& b),
                   {
                     if (Exploring()) {
                       for (Link* const list : {&a, &b}) {
                         Write(*list, site);
                         Write(list->_M_next->_M_prev, site);
                         Write(list->_M_prev->_M_next, site);
                       }
                     }
                     g_swap(a, b);
                   })
