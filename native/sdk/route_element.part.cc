/// Arguments, handlers and restored routes of the routing table elements.
#include <hotclick/route_element.hpp>

namespace hotclick {

bool RouteElement::configure(Arguments& arguments) {
  if (!routes.create(self->host, static_cast<uint16_t>(drop(no_route))))
    return arguments.fail("out of memory");
  for (uint32_t i = 0; i < arguments.size(); ++i) {
    char text[HC_ERROR_SIZE];
    RouteWords r;
    if (!r.parse(self->host, arguments[i], false, text)) return arguments.fail_at(i, "%s", text);
    if (r.port >= noutputs()) {
      return arguments.fail_at(i, "output port %u out of range, the element has %u", r.port, noutputs());
    }
    const uint32_t at = put(r);
    if (at == RouteTable::none) return arguments.fail("out of memory");
    routes[at].configured = true;
  }
  return true;
}

void RouteElement::start(bool) {
  restoring = TableScan(changes);
  set_task(restore(1024));
}

bool RouteElement::run() {
  const bool more = restore(256);
  if (!more) set_task(false);
  return more;
}

void RouteElement::classify(Batch& batch, uint16_t* ports) {
  routes.trie.route(batch, ports);
}

void RouteElement::text(Text out) {
  for (uint32_t i = 0; i < routes.size(); ++i) {
    const Route& r = routes[i];
    const Hop& hop = routes.hop_of(r);
    out.print(HC_IP4_FORMAT "/%u\t", HC_IP4_BYTES(net32(r.address)), r.bits);
    if (hop.gateway)
      out.print(HC_IP4_FORMAT, HC_IP4_BYTES(hop.gateway));
    else
      out.print("-");
    out.print("\t%u\n", hop.port);
  }
}

bool RouteElement::lookup(String address, Text out, Error& error) {
  Ipv4Address asked;
  if (!parse_word(self->host, address, asked, error.text)) return false;
  const uint32_t found = routes.trie.find(net32(asked.value));
  const Hop& hop = routes.trie.hops()[found];
  if (found == 0) return out.print("-1"), true;
  out.print("%u", hop.port);
  if (hop.gateway) out.print(" " HC_IP4_FORMAT, HC_IP4_BYTES(hop.gateway));
  return true;
}

bool RouteElement::flush(String, Error& error) {
  while (routes.size() != 0) {
    const Route r = routes[routes.size() - 1];
    RouteWords w;
    w.address = net32(r.address);
    w.bits = r.bits;
    if (!take_out(w, error)) return false;
  }
  return true;
}

uint32_t RouteElement::put(const RouteWords& r) {
  return routes.set(net32(r.address), r.bits, r.gateway, static_cast<uint16_t>(r.port));
}

bool RouteElement::command(Kind kind, const String& value, Undo* undo, Error& error) {
  RouteWords r;
  if (!r.parse(self->host, value, kind == Kind::remove, error.text)) return false;
  const uint32_t at = routes.find(net32(r.address), r.bits);
  if (undo) {
    *undo = {r, at != RouteTable::none};
    if (undo->had) {
      undo->route.gateway = routes.hop_of(routes[at]).gateway;
      undo->route.port = routes.hop_of(routes[at]).port;
    }
  }
  if (kind == Kind::remove) {
    if (at == RouteTable::none) return about(error, "there is no route", r);
    const Hop& hop = routes.hop_of(routes[at]);
    if (r.has_port && (hop.port != r.port || hop.gateway != r.gateway)) {
      return about(error, "another gateway or output is set", r);
    }
    return take_out(r, error);
  }
  if (r.port >= noutputs())
    return error.fail("output port %u out of range, the element has %u", r.port, noutputs());
  if (kind == Kind::add && at != RouteTable::none) return about(error, "there is a route already", r);
  return put_in(r, error);
}

bool RouteElement::about(Error& error, const char* what, const RouteWords& r) {
  return error.fail("%s for " HC_IP4_FORMAT "/%u", what, HC_IP4_BYTES(r.address), r.bits);
}

bool RouteElement::put_in(const RouteWords& r, Error& error) {
  const uint32_t slot = change_slot(r);
  if (slot == no_slot) return about(error, "no room to keep the route", r);
  const uint32_t at = put(r);
  if (at == RouteTable::none) return error.fail("out of memory");
  RouteChange& c = changes.value(slot);
  c.gateway.value = r.gateway;
  c.port = static_cast<uint16_t>(r.port);
  c.removed = false;
  routes[at].configured = c.configured;
  changes.mark_dirty(slot);
  return true;
}

bool RouteElement::take_out(const RouteWords& r, Error& error) {
  const uint32_t slot = change_slot(r);
  if (slot == no_slot) return about(error, "no room to keep the removal", r);
  if (!routes.remove(routes.find(net32(r.address), r.bits))) return error.fail("out of memory");
  if (!changes.value(slot).configured) {
    changes.erase(slot);
  } else {
    changes.value(slot).removed = true;
    changes.mark_dirty(slot);
  }
  return true;
}

uint32_t RouteElement::change_slot(const RouteWords& r) {
  const RouteKey key{{r.address}, r.bits};
  uint32_t slot = changes.find(key);
  if (slot != no_slot) return slot;
  slot = changes.insert(key);
  if (slot == no_slot) return no_slot;
  const uint32_t at = routes.find(net32(r.address), r.bits);
  changes.value(slot).configured = at != RouteTable::none && routes[at].configured;
  return slot;
}

bool RouteElement::restore(uint32_t n) {
  for (uint32_t slot; n != 0 && (slot = restoring.next()) != no_slot; --n) {
    const RouteKey& key = changes.key(slot);
    RouteChange& c = changes.value(slot);
    const uint32_t address = net32(key.address.value);
    uint32_t at = routes.find(address, key.bits);
    c.configured = at != RouteTable::none && routes[at].configured;
    if (c.removed) {
      if (at != RouteTable::none) routes.remove(at);
    } else {
      at = routes.set(address, key.bits, c.gateway.value, c.port);
      if (at != RouteTable::none) routes[at].configured = c.configured;
    }
  }
  return restoring.left != 0;
}

bool RouteElement::control(String value, Error& error) {
  Growing<Undo> done;
  uint32_t line = 0;
  bool good = true;
  for (const char *at = value.data, *end = at + value.length; good && at < end;) {
    const char* stop = at;
    while (stop < end && *stop != '\n') ++stop;
    ++line;
    Words words(String{at, static_cast<uint32_t>(stop - at), 0});
    at = stop < end ? stop + 1 : end;
    String verb;
    if (!words.next(verb)) continue;
    const String rest{words.at, static_cast<uint32_t>(words.end - words.at), 0};
    char text[HC_ERROR_SIZE] = "expected 'add', 'set' or 'remove'";
    Error why{text, error.host};
    Undo undo{};
    good = false;
    if (!done.reserve(self->host, done.count + 1))
      error.host->fail(text, "out of memory");
    else if (equals(verb, "add"))
      good = command(Kind::add, rest, &undo, why);
    else if (equals(verb, "set"))
      good = command(Kind::set, rest, &undo, why);
    else if (equals(verb, "remove"))
      good = command(Kind::remove, rest, &undo, why);
    if (good)
      done.add(self->host, undo);
    else
      error.fail("line %u: %s; nothing was changed", line, text);
  }
  while (!good && done.count != 0) {
    const Undo& u = done[--done.count];
    char ignored[HC_ERROR_SIZE];
    Error quiet{ignored, error.host};
    // What is put back was there a moment ago, so there is memory for it.
    if (u.had)
      put_in(u.route, quiet);
    else
      take_out(u.route, quiet);
  }
  done.release(self->host);
  return good;
}

}  // namespace hotclick
