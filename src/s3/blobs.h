#pragma once
// The driver of the `blobs` port for S3 (S3 API Reference, 2006-03-01): AWS, Ceph's gateway and what else speaks it. A
// key is the object `key_prefix/key` of one bucket.
//
// An object of at most part_bytes is one PUT with `If-None-Match: *`; a larger one is a multipart upload whose
// completion carries that condition too. Each has a token of its writer in the metadata "concord-upload", so that a
// writer whose answer was lost knows its own object from another's. The small ones have their hash there, and it is
// checked where they are read whole; all bodies are sent with a signed SHA-256, which the store checks.
//
// The condition of a completion is held by AWS. Ceph's gateway 16.2 does not know it: there the key is looked at just
// before, and of two nodes that complete a large object of one key in that very moment the later one replaces the
// earlier's. Within one process commits of a key take turns, so that there it cannot happen.
//
// A writer that is dropped aborts its upload. What a process that died left unfinished is aborted by the next that
// opens the bucket after stale_upload_s. The bucket has no versioning; a policy needs s3:ListBucket, GetObject,
// PutObject, DeleteObject, AbortMultipartUpload and ListBucketMultipartUploads.

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/blobs.h"
#include "s3/options.h"

namespace concord::s3 {

/// Asks the store once, and blocks meanwhile. kInvalidArgument: an option, or there is no such bucket;
/// kPermissionDenied: the credentials are refused; kUnavailable. `clock` and `metrics` outlive it; it is destroyed
/// before the reactors whose coroutines wait, not on one, and after its readers and writers.
Result<std::unique_ptr<engines::Blobs>> open_s3_blobs(const S3Options& options, Clock& clock, const Logger& logger,
                                                      Metrics& metrics);

}  // namespace concord::s3
