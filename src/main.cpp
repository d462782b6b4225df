#include <iostream>
#include <string>
#include <vector>

#include "app/cli.h"

int main(int count, char** words) {
  const std::vector<std::string> all(words + 1, words + count);
  return concord::app::run_command(all, std::cout, std::cerr);
}
