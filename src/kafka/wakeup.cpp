#include "kafka/wakeup.h"

#include <librdkafka/rdkafka.h>

namespace concord::kafka {
namespace {

void on_event(rd_kafka_t* /*handle*/, void* wakeup) { static_cast<Wakeup*>(wakeup)->notify(); }

}  // namespace

void Wakeup::watch(rd_kafka_queue_s* queue) {
  rd_kafka_queue_cb_event_enable(queue, on_event, this);
  notify();  // what came before
}

void Wakeup::unwatch(rd_kafka_queue_s* queue) { rd_kafka_queue_cb_event_enable(queue, nullptr, nullptr); }

void Wakeup::notify() {
  if (posted_.exchange(true)) return;
  reactor_.post([self = shared_from_this()] {
    self->posted_ = false;  // before the queue is looked at: what comes from now on posts again
    const std::function<bool()> work = self->work_;  // which may close this
    if (work && work()) self->notify();
  });
}

}  // namespace concord::kafka
