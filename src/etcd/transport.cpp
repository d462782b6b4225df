#include "etcd/transport.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <etcd_api/etcd.grpc.pb.h>

#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "engines/suspend.h"

namespace concord::etcd {
namespace {

namespace pb = etcdserverpb;
using engines::Resume;

constexpr int kConnectTimeoutMs = 1000;
constexpr std::size_t kMaxMessageBytes = 512;

/// A connection to a member, and what is called over it.
struct Member {
  explicit Member(const std::shared_ptr<grpc::Channel>& channel)
      : kv(pb::KV::NewStub(channel)),
        lease(pb::Lease::NewStub(channel)),
        auth(pb::Auth::NewStub(channel)),
        watch(pb::Watch::NewStub(channel)),
        cluster(pb::Cluster::NewStub(channel)),
        maintenance(pb::Maintenance::NewStub(channel)) {}

  std::unique_ptr<pb::KV::Stub> kv;
  std::unique_ptr<pb::Lease::Stub> lease;
  std::unique_ptr<pb::Auth::Stub> auth;
  std::unique_ptr<pb::Watch::Stub> watch;
  std::unique_ptr<pb::Cluster::Stub> cluster;
  std::unique_ptr<pb::Maintenance::Stub> maintenance;
};

/// One operation that gRPC carries out; lives in the frame of the coroutine that waits for it.
struct Operation {
  Resume resume;
  bool ok = false;
};

class Call;

}  // namespace

struct TransportState {
  TransportState(std::vector<Endpoint> e, TlsCredentials c) : endpoints(std::move(e)), credentials(std::move(c)) {
    for (std::size_t i = 0; i < endpoints.size(); ++i) members.push_back(connect(i));
  }

  std::shared_ptr<Member> connect(std::size_t index) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // so that a new connection is one
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
    const Endpoint& endpoint = endpoints[index];
    std::shared_ptr<grpc::ChannelCredentials> channel_credentials = grpc::InsecureChannelCredentials();
    if (endpoint.secure)
      channel_credentials = grpc::SslCredentials({credentials.authorities, credentials.key, credentials.certificate});
    return std::make_shared<Member>(grpc::CreateCustomChannel(endpoint.address, channel_credentials, arguments));
  }

  void run() {
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
      auto* operation = static_cast<Operation*>(tag);
      std::unique_lock lock(mutex);  // so that it is ordered behind its beginning for whoever cannot see into gRPC
      operation->ok = ok;
      Resume resume = std::move(operation->resume);
      lock.unlock();
      resume();  // from here on the operation may be gone
    }
  }

  const std::vector<Endpoint> endpoints;
  const TlsCredentials credentials;
  grpc::CompletionQueue queue;
  std::thread thread;

  std::mutex mutex;
  bool closed = false;                           // guarded by mutex; then nothing is begun on the queue
  std::vector<std::shared_ptr<Member>> members;  // guarded by mutex; shared with the calls under way
  std::set<Call*> calls;                         // guarded by mutex
};

namespace {

using State = std::shared_ptr<TransportState>;

/// A call under way: what ends with it when the transport is closed.
class Call {
 public:
  enum class Kind : std::uint8_t { kUnary, kStream };

  Call(State state, const Attempt& attempt, Kind kind)
      : state_(std::move(state)), endpoint_(attempt.endpoint), kind_(kind) {
    context.AddMetadata("hasleader", "true");  // a member without a leader says so at once
    if (!attempt.token.empty()) context.AddMetadata("token", attempt.token);
    if (kind == Kind::kUnary)
      context.set_deadline(
          gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(attempt.timeout_ms, GPR_TIMESPAN)));
    const std::lock_guard lock(state_->mutex);
    member_ = state_->members[endpoint_];
    state_->calls.insert(this);
  }
  ~Call() {
    const std::lock_guard lock(state_->mutex);
    state_->calls.erase(this);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Member& member() const { return *member_; }
  grpc::CompletionQueue* queue() const { return &state_->queue; }

  /// Begins one operation with `start(tag)` and waits for its end; false where it failed, or nothing is begun any more.
  asio::awaitable<bool> step(std::function<void(void*)> start) {
    Operation operation;
    co_await engines::suspend([&](Resume resume) {
      std::unique_lock lock(state_->mutex);
      if (!state_->closed) {
        operation.resume = std::move(resume);
        start(&operation);
        return;
      }
      lock.unlock();
      resume();
    });
    co_return operation.ok;
  }

  /// What a call that ended with this status answers; its member gets a new connection where it was to blame.
  Error failed(const grpc::Status& status) {
    Error error = error_of(status);
    const bool away = error.code == Code::kUnavailable || error.code == Code::kTimeout;
    if (away && status.error_code() != grpc::CANCELLED) replace_member();
    return error;
  }

  grpc::ClientContext context;

 private:
  Error error_of(const grpc::Status& status) const;

  void replace_member() {
    const std::lock_guard lock(state_->mutex);
    if (state_->closed || state_->members[endpoint_] != member_) return;
    state_->members[endpoint_] = state_->connect(endpoint_);
    for (Call* call : state_->calls) {
      if (call->kind_ == Kind::kStream && call->member_ == member_) call->context.TryCancel();
    }
  }

  State state_;  // shared with the transport and other calls
  std::size_t endpoint_;
  Kind kind_;
  std::shared_ptr<Member> member_;  // shared with the transport and other calls
};

Code code_of(const grpc::Status& status) {
  const std::string& message = status.error_message();
  const auto says = [&](const char* text) { return message.find(text) != std::string::npos; };
  switch (status.error_code()) {
    case grpc::DEADLINE_EXCEEDED:
      return Code::kTimeout;
    case grpc::UNAUTHENTICATED:
      return Code::kUnauthenticated;
    case grpc::PERMISSION_DENIED:
      return Code::kPermissionDenied;
    case grpc::NOT_FOUND:
      return Code::kNotFound;
    case grpc::OUT_OF_RANGE:  // compacted
    case grpc::ALREADY_EXISTS:
    case grpc::FAILED_PRECONDITION:
      return Code::kConflict;
    case grpc::UNIMPLEMENTED:
      return Code::kUnsupported;
    case grpc::INVALID_ARGUMENT:
      // No token at all; one from before the last change of users; a wrong password.
      if (says("user name is empty") || says("auth store is old") || says("authentication failed"))
        return Code::kUnauthenticated;
      return Code::kInternal;
    default:
      return Code::kUnavailable;
  }
}

Error Call::error_of(const grpc::Status& status) const {
  const std::string message = status.error_message().substr(0, kMaxMessageBytes);
  return Error{code_of(status), "etcd at " + state_->endpoints[endpoint_].address + ": " + message, {}};
}

const grpc::Status& closed_status() {
  static const grpc::Status status(grpc::CANCELLED, "the call was ended from here");
  return status;
}

/// `begin(call)` begins the call and gives what waits for its answer.
template <class Message, class Begin>
Task<Message> unary(State state, Attempt attempt, Begin begin) {
  Call call(std::move(state), attempt, Call::Kind::kUnary);
  std::unique_ptr<grpc::ClientAsyncResponseReader<Message>> reader;
  Message message;
  grpc::Status status = closed_status();
  co_await call.step([&](void* tag) {
    reader = begin(call);
    reader->Finish(&message, &status, tag);
  });
  if (!status.ok()) co_return fail(call.failed(status));
  co_return message;
}

KeyValue key_value_of(const pb::KeyValue& from) {
  return {from.key(), from.value(), Revision{from.mod_revision()}, LeaseId{from.lease()}};
}

pb::TxnRequest transaction_of(const PutRequest& request) {
  pb::TxnRequest transaction;
  pb::Compare& compare = *transaction.add_compare();
  compare.set_target(pb::Compare::MOD);
  compare.set_key(request.key);
  compare.set_mod_revision(request.expected.value);
  pb::PutRequest& put = *transaction.add_success()->mutable_request_put();
  put.set_key(request.key);
  put.set_value(request.value);
  put.set_lease(request.lease.value);
  transaction.add_failure()->mutable_request_range()->set_key(request.key);
  return transaction;
}

WatchReply watch_reply_of(const pb::WatchResponse& from) {
  WatchReply reply;
  reply.revision = Revision{from.header().revision()};
  reply.created = from.created();
  reply.canceled = from.canceled();
  reply.compacted = from.compact_revision() > 0;
  reply.reason = from.cancel_reason().substr(0, kMaxMessageBytes);
  for (const pb::Event& event : from.events())
    reply.events.push_back({event.type() == pb::Event::DELETE, key_value_of(event.kv())});
  return reply;
}

class GrpcWatchStream final : public WatchStream {
 public:
  GrpcWatchStream(State state, const Attempt& attempt, WatchRequest request)
      : request_(std::move(request)), call_(std::move(state), attempt, Call::Kind::kStream) {}

  Task<WatchReply> next() override {
    const bool open = opened_ || co_await this->open();
    pb::WatchResponse response;
    if (open && co_await call_.step([&](void* tag) { stream_->Read(&response, tag); }))
      co_return watch_reply_of(response);
    grpc::Status status = closed_status();
    if (stream_) co_await call_.step([&](void* tag) { stream_->Finish(&status, tag); });
    if (status.ok()) status = grpc::Status(grpc::UNAVAILABLE, "the watch has ended");
    co_return fail(call_.failed(status));
  }

  void cancel() override { call_.context.TryCancel(); }

 private:
  asio::awaitable<bool> open() {
    pb::WatchRequest message;
    pb::WatchCreateRequest& create = *message.mutable_create_request();
    create.set_key(request_.key);
    create.set_range_end(request_.end);
    create.set_start_revision(request_.from.value);
    const bool started = co_await call_.step([&](void* tag) {
      stream_ = call_.member().watch->PrepareAsyncWatch(&call_.context, call_.queue());
      stream_->StartCall(tag);
    });
    opened_ = started && co_await call_.step([&](void* tag) { stream_->Write(message, tag); });
    co_return opened_;
  }

  const WatchRequest request_;
  Call call_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<pb::WatchRequest, pb::WatchResponse>> stream_;
  bool opened_ = false;
};

}  // namespace

Transport::Transport(std::vector<Endpoint> endpoints, TlsCredentials credentials)
    : state_(std::make_shared<TransportState>(std::move(endpoints), std::move(credentials))) {
  // It would print lines of its own shape; what is to be known comes with each call's status.
  gpr_set_log_function([](gpr_log_func_args*) {});
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Transport::~Transport() { close(); }

void Transport::close() {
  {
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->closed, true)) return;
    for (Call* call : state_->calls) call->context.TryCancel();
    state_->queue.Shutdown();
  }
  state_->thread.join();
}

Task<RangeReply> Transport::call(Attempt attempt, RangeRequest request) {
  pb::RangeRequest message;
  message.set_key(request.key);
  message.set_range_end(request.end);
  message.set_limit(request.limit);
  message.set_revision(request.revision.value);
  auto begin = [&message](Call& call) { return call.member().kv->AsyncRange(&call.context, message, call.queue()); };
  CO_TRY(const pb::RangeResponse response, co_await unary<pb::RangeResponse>(state_, std::move(attempt), begin));
  RangeReply reply{Revision{response.header().revision()}, {}, response.more()};
  for (const pb::KeyValue& each : response.kvs()) reply.keys.push_back(key_value_of(each));
  co_return reply;
}

Task<PutReply> Transport::call(Attempt attempt, PutRequest request) {
  const pb::TxnRequest message = transaction_of(request);
  auto begin = [&message](Call& call) { return call.member().kv->AsyncTxn(&call.context, message, call.queue()); };
  CO_TRY(const pb::TxnResponse response, co_await unary<pb::TxnResponse>(state_, std::move(attempt), begin));
  PutReply reply{response.succeeded(), Revision{response.header().revision()}, std::nullopt};
  if (!reply.put && response.responses_size() == 1 && response.responses(0).response_range().kvs_size() == 1)
    reply.found = key_value_of(response.responses(0).response_range().kvs(0));
  co_return reply;
}

Task<GrantReply> Transport::call(Attempt attempt, GrantRequest request) {
  pb::LeaseGrantRequest message;
  message.set_id(request.lease.value);
  message.set_ttl(request.ttl_s);
  auto begin = [&message](Call& call) {
    return call.member().lease->AsyncLeaseGrant(&call.context, message, call.queue());
  };
  CO_TRY(const pb::LeaseGrantResponse response,
         co_await unary<pb::LeaseGrantResponse>(state_, std::move(attempt), begin));
  co_return GrantReply{response.ttl()};
}

Task<RevokeReply> Transport::call(Attempt attempt, RevokeRequest request) {
  pb::LeaseRevokeRequest message;
  message.set_id(request.lease.value);
  auto begin = [&message](Call& call) {
    return call.member().lease->AsyncLeaseRevoke(&call.context, message, call.queue());
  };
  CO_TRY_VOID(co_await unary<pb::LeaseRevokeResponse>(state_, std::move(attempt), begin));
  co_return RevokeReply{};
}

Task<AuthenticateReply> Transport::call(Attempt attempt, AuthenticateRequest request) {
  pb::AuthenticateRequest message;
  message.set_name(request.user);
  message.set_password(request.password);
  auto begin = [&message](Call& call) {
    return call.member().auth->AsyncAuthenticate(&call.context, message, call.queue());
  };
  CO_TRY(const pb::AuthenticateResponse response,
         co_await unary<pb::AuthenticateResponse>(state_, std::move(attempt), begin));
  co_return AuthenticateReply{response.token()};
}

Task<StatusReply> Transport::call(Attempt attempt, StatusRequest) {
  const pb::StatusRequest message;
  auto begin = [&message](Call& call) {
    return call.member().maintenance->AsyncStatus(&call.context, message, call.queue());
  };
  CO_TRY(const pb::StatusResponse response, co_await unary<pb::StatusResponse>(state_, std::move(attempt), begin));
  StatusReply reply{response.version(),     response.dbsize(),    response.dbsizeinuse(),
                    response.leader() != 0, response.islearner(), {}};
  reply.errors.assign(response.errors().begin(), response.errors().end());
  co_return reply;
}

Task<MembersReply> Transport::call(Attempt attempt, MembersRequest) {
  const pb::MemberListRequest message;
  auto begin = [&message](Call& call) {
    return call.member().cluster->AsyncMemberList(&call.context, message, call.queue());
  };
  CO_TRY(const pb::MemberListResponse response,
         co_await unary<pb::MemberListResponse>(state_, std::move(attempt), begin));
  MembersReply reply;
  for (const pb::Member& each : response.members())
    reply.members.push_back({each.name(), {each.clienturls().begin(), each.clienturls().end()}, each.islearner()});
  co_return reply;
}

Task<AlarmsReply> Transport::call(Attempt attempt, AlarmsRequest) {
  const pb::AlarmRequest message;
  auto begin = [&message](Call& call) {
    return call.member().maintenance->AsyncAlarm(&call.context, message, call.queue());
  };
  CO_TRY(const pb::AlarmResponse response, co_await unary<pb::AlarmResponse>(state_, std::move(attempt), begin));
  AlarmsReply reply;
  for (const pb::AlarmMember& each : response.alarms()) {
    if (each.alarm() == pb::NOSPACE) ++reply.no_space;
    if (each.alarm() == pb::CORRUPT) ++reply.corrupt;
  }
  co_return reply;
}

/// etcd has this as a stream only; here it says one thing and hears one answer.
Task<KeepAliveReply> Transport::call(Attempt attempt, KeepAliveRequest request) {
  Call call(state_, attempt, Call::Kind::kUnary);
  pb::LeaseKeepAliveRequest message;
  message.set_id(request.lease.value);
  pb::LeaseKeepAliveResponse response;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<pb::LeaseKeepAliveRequest, pb::LeaseKeepAliveResponse>> stream;
  const bool started = co_await call.step([&](void* tag) {
    stream = call.member().lease->PrepareAsyncLeaseKeepAlive(&call.context, call.queue());
    stream->StartCall(tag);
  });
  const bool sent = started && co_await call.step([&](void* tag) { stream->Write(message, tag); });
  if (sent && co_await call.step([&](void* tag) { stream->Read(&response, tag); })) {
    call.context.TryCancel();
    co_return KeepAliveReply{response.ttl()};
  }
  grpc::Status status = closed_status();
  if (stream) co_await call.step([&](void* tag) { stream->Finish(&status, tag); });
  if (status.ok()) status = grpc::Status(grpc::UNAVAILABLE, "the stream has ended");
  co_return fail(call.failed(status));
}

std::shared_ptr<WatchStream> Transport::watch(const Attempt& attempt, WatchRequest request) {
  return std::make_shared<GrpcWatchStream>(state_, attempt, std::move(request));
}

}  // namespace concord::etcd
