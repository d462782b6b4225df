#include <sys/stat.h>

#include <iostream>
#include <string>
#include <vector>

#include "app/cli.h"

int main(int count, char** words) {
  ::umask(S_IRWXG | S_IRWXO);  // what the hub keeps is for its user alone, wherever DATA is
  const std::vector<std::string> all(words + 1, words + count);
  return concord::app::run_command(all, std::cout, std::cerr);
}
