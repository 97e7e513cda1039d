# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# Prints the C++ files of the project, one a line, with those not yet added to git.
cxx_files() {
  local file
  git ls-files --cached --others --exclude-standard -- '*.h' '*.cc' |
    grep -E '^(src|tests|bench)/' | while read -r file; do [[ ! -f $file ]] || echo "$file"; done
}
