// What a person reads of the journal's state.
#include "../../src/app/ctl.hpp"

#include <gtest/gtest.h>

namespace garde::app {
namespace {

TEST(ctl_journal, each_place_has_a_line) {
    EXPECT_EQ(describe_journal(
                  R"json({"at": "2030-05-06T09:12:07.000Z", "failing": true, "size": 12, "root": "AAA=",
  "verifier_key": "n+h+k", "overflow": {"sent": 3, "dropped": 1}, "sinks": [
    {"sink": "file", "pushed_size": 12, "pushed_at": "2030-05-06T09:12:05.000Z", "failing_since": null, "why": null},
    {"sink": "syslog", "pushed_size": 7, "pushed_at": "2030-05-06T09:00:00.000Z",
     "failing_since": "2030-05-06T09:01:00.000Z", "why": "no such host"},
    {"sink": "webhook", "pushed_size": 0, "pushed_at": null, "failing_since": null, "why": null}]})json"),
              "journal: 12 records, root AAA=; FAILING: records wait because the disk refuses them\n"
              "checkpoints: signed, to be verified with n+h+k\n"
              "  file: 12 records, at 2030-05-06T09:12:05.000Z\n"
              "  syslog: 7 records, at 2030-05-06T09:00:00.000Z; FAILING since 2030-05-06T09:01:00.000Z: no "
              "such host\n"
              "  webhook: no checkpoint yet\n"
              "records that the disk refused: 3 went to syslog, 1 could not\n");
}

TEST(ctl_journal, what_is_not_signed_says_so) {
    EXPECT_EQ(
        describe_journal(R"({"failing": false, "size": null, "root": null, "verifier_key": null, "sinks": [],
                                   "overflow": {"sent": 0, "dropped": 0}})"),
        "journal: this process has not written to it yet\n"
        "checkpoints: not signed, and pushed nowhere: see [journal.checkpoints]\n");
    EXPECT_EQ(describe_journal("no JSON"), "no JSON\n");
}

}  // namespace
}  // namespace garde::app
