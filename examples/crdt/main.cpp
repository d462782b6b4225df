// Two replicas of one text are edited apart and agree once each has seen the other's update.
#include <crdt/doc.h>

#include <iostream>

using namespace concord::crdt;

int main() {
  Doc ann({.client = ClientId{1}});
  Doc ben({.client = ClientId{2}});
  Text hers = ann.text("content");
  Text his = ben.text("content");

  const auto greeting = ann.transact([&] { (void)hers.insert(0, "Hello world"); });
  if (!ben.apply_update(greeting)) return 1;

  const auto from_ann = ann.transact([&] { (void)hers.insert(5, ","); });
  const auto from_ben = ben.transact([&] { (void)his.format(0, 5, {{"bold", true}}); });
  if (!ann.apply_update(from_ben) || !ben.apply_update(from_ann)) return 1;

  std::cout << hers.to_string() << (hers.to_delta().size() == his.to_delta().size() ? ", agreed\n" : ", not agreed\n");
}
