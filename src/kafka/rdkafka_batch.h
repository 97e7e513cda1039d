// SPDX-License-Identifier: Apache-2.0
//
// Private to the module: librdkafka's messages as a MessageBatch, without copying a byte.
#pragma once

#include <span>

#include "kafka/message.h"
#include "kafka/rdkafka_client.h"

namespace k2i::kafka {

/// Takes the messages over, errors among them left out. The batch holds `client` until its last view is gone.
MessageBatch MakeBatch(std::shared_ptr<RdkafkaClient> client, std::span<rd_kafka_message_t*> messages,
                       bool read_headers);

}  // namespace k2i::kafka
