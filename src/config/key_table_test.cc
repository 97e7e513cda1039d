// SPDX-License-Identifier: Apache-2.0
#include "config/key_table.h"

#include <gtest/gtest.h>

#include <set>

#include "config/finish.h"

namespace k2i::config {
namespace {

TEST(KeyTableTest, NoTwoKeysShareAVariable) {
  std::set<std::string> seen;
  for (const Key<Config>& key : Keys()) {
    for (const std::string& name : EnvironmentNames(key.info)) EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_TRUE(seen.contains("K2I_ICEBERG_REST_URI"));
  EXPECT_TRUE(seen.contains("K2I_ICEBERG_OBJECT_STORE_REGION"));
}

TEST(KeyTableTest, EveryKeyIsOfAKnownSectionAndDocumented) {
  for (const Key<Config>& key : Keys()) {
    bool known = false;
    for (const SectionInfo& section : Sections()) known = known || section.name == key.info.section;
    EXPECT_TRUE(known) << key.info.path();
    EXPECT_FALSE(key.info.doc.empty()) << key.info.path();
    EXPECT_EQ(FindKey(key.info.section, key.info.name), &key);
  }
}

TEST(TransformTest, TakesTheSpecsTransforms) {
  for (const char* good : {"identity", "day", "void", "bucket[16]", "truncate[4]"})
    EXPECT_TRUE(IsTransform(good)) << good;
  for (const char* bad : {"", "days", "bucket", "bucket[]", "bucket[0]", "bucket[x]", "truncate[-1]", "bucket[16"}) {
    EXPECT_FALSE(IsTransform(bad)) << bad;
  }
}

}  // namespace
}  // namespace k2i::config
