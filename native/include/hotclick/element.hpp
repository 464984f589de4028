/// What an element author includes: the base class, the ways to handle packets, and the declaration.
///
/// An element is a class derived from `Element` with *one* of
///   void action(Batch& batch)             one input, one output: change the packets in place (serves push and pull)
///   uint32_t route(Packet& p)             the output for each packet, or drop(reason) (serves push and pull)
///   void classify(Batch& b, uint16_t* o)  the same for a whole batch at once
///   void push(uint32_t port, Batch& b) / uint32_t pull(uint32_t port, Batch& b, uint32_t max)   full control
/// and, where it needs them,
///   bool configure(Arguments& arguments)  check the parsed arguments; `return arguments.fail(…)`
///   bool initialize(Error& error)         open devices, build tables (not yet its declared state)
///   void start(bool adopted)              on the shard, all state in place; constant time
///   bool run()                            a task: about a batch of work; false when there was none
///   void timer(uint32_t id)               set with set_timer()
///   uint64_t pending()                    packets held back that must still leave on removal
///   void knows(uint32_t port, Batch& b, uint8_t* known)  1 for each packet of a flow that it has a record of, else 0
#pragma once
#include "declaration.hpp"
#include "net.hpp"
