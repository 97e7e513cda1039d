// SPDX-License-Identifier: Apache-2.0
#include "config/key_table.h"
#include "config/load.h"

namespace k2i::config {
namespace {

/// A pipe ends a cell of a Markdown table.
std::string Cell(std::string text) {
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

std::string NameCell(const KeyInfo& info) {
  std::string names = "`" + info.name + "`";
  for (const std::string& alias : info.aliases) names += " (also `" + alias + "`)";
  return names;
}

std::string DefaultCell(const std::string& value) {
  return value.empty() || value == "\"\"" || value == "[]" ? "" : "`" + value + "`";
}

template <typename Owner>
void AddRows(const std::vector<Key<Owner>>& keys, const std::string& section, std::string& out) {
  out += "| key | takes | default | meaning |\n|---|---|---|---|\n";
  for (const Key<Owner>& key : keys) {
    if (key.info.section != section) continue;
    const std::string value = key.info.required ? "" : DefaultCell(key.show(Owner{}));
    out += "| " + NameCell(key.info) + " | " + Cell(key.info.type) + " | " + Cell(value) + " | " + Cell(key.info.doc) +
           " |\n";
  }
  out += "\n";
}

}  // namespace

std::string ReferenceMarkdown() {
  std::string out =
      "# Configuration\n\n"
      "<!-- Generated from src/config/key_table.cc; config_test checks that this page is up to date. -->\n\n"
      "One TOML file. Every key can be set by the environment variable `K2I_<SECTION>_<KEY>` too "
      "(`K2I_KAFKA_GROUP_ID`, `K2I_ICEBERG_REST_CREDENTIAL`; dots become underscores) and by the flag "
      "`section.key=value`; flags beat the environment, it beats the file. As a variable or a flag, an array of "
      "strings is "
      "parted by commas, and a table or an array of tables is written as a TOML value. Unknown keys, wrong types and "
      "impossible values stop the start and are reported all at once.\n\n"
      "A secret is a string, `{ file = \"/path\" }` (trailing line ends are dropped) or `{ env = \"NAME\" }`; it "
      "prints as "
      "`REDACTED`.\n\n";
  for (const SectionInfo& section : Sections()) {
    out += "## `[" + std::string(section.name) + "]`\n\n" + std::string(section.doc);
    if (!section.alias.empty()) out += " Also spelled `[" + std::string(section.alias) + "]`.";
    out += "\n\n";
    AddRows(Keys(), std::string(section.name), out);
  }
  out += "## `schema.columns`\n\n";
  AddRows(ElementKeys<ColumnConfig>(), "", out);
  out += "## `[[iceberg.partition_spec]]`\n\n";
  AddRows(ElementKeys<PartitionFieldConfig>(), "", out);
  out += "## `[[iceberg.sort_order]]`\n\n";
  AddRows(ElementKeys<SortFieldConfig>(), "", out);
  out += "## Not supported yet\n\nThese are refused with an error rather than ignored:";
  for (const std::string_view path : PromisedPaths()) out += " `" + std::string(path) + "`";
  out += ".\n";
  return out;
}

}  // namespace k2i::config
