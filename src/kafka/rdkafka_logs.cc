// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "kafka/logs.h"
#include "kafka/rdkafka_client.h"
#include "kafka/rdkafka_error.h"

namespace k2i::kafka {

Result<LogState> DescribeLogs(const KafkaOptions& options) {
  KafkaOptions quick = options;
  quick.group_id.clear();  // nobody is to see a member come and go
  quick.group_instance_id.clear();
  quick.consumer_protocol = false;
  K2I_ASSIGN_OR_RETURN(const auto client, RdkafkaClient::Open(quick));
  LogState state;
  K2I_ASSIGN_OR_RETURN(state.cluster, DescribeCluster(*client, options.topics, options.request_timeout));
  const auto timeout_ms =
      static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(options.request_timeout).count());
  for (const auto& [topic, count] : state.cluster.partition_counts) {
    for (int32_t partition = 0; partition < count; ++partition) {
      int64_t low = 0, high = 0;
      const auto code =
          rd_kafka_query_watermark_offsets(client->handle(), topic.c_str(), partition, &low, &high, timeout_ms);
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return std::unexpected(MakeError(code, "asking for the range of " + topic + "/" + std::to_string(partition)));
      }
      state.logs[{topic, PartitionId{partition}}] = {Offset{low}, Offset{high}};
    }
  }
  return state;
}

}  // namespace k2i::kafka
