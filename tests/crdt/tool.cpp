// `concord crdt` alone, so that it can be tested without the rest of the program (tool.mjs).

#include <iostream>
#include <string>
#include <vector>

#include "app/crdt_command.h"

int main(int count, char** words) {
  const std::vector<std::string> all(words + 1, words + count);
  return concord::app::run_crdt_command(all, std::cout, std::cerr);
}
