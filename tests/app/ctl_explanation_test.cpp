// What a person reads of an explanation.
#include "../../src/app/ctl_explanation.hpp"

#include <gmock/gmock.h>

namespace garde::app {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto in_backup = R"json({
  "service": "assurability", "at": "2030-05-06T09:12:07.000Z", "mode": "backup", "active_backend": "dc2",
  "since": "2030-05-06T09:12:05.000Z", "override": null,
  "last_switchover": {
    "from": "primary", "to": "backup", "from_backend": "dc1", "to_backend": "dc2", "cause": "detection",
    "by": "garde", "reason": "", "first_symptom": "2030-05-06T09:12:04.010Z",
    "detected": "2030-05-06T09:12:05.020Z", "decided": "2030-05-06T09:12:05.030Z",
    "in_effect": "2030-05-06T09:12:05.040Z", "requests_touched": 2,
    "backends": [
      {"backend": "dc1", "verdict": "down", "evidence": {"failed_probes": 3, "failed_attempts": 2,
       "distinct_callers": 2, "requests_touched": 2, "last_reason": "connect-failed",
       "first_symptom": "2030-05-06T09:12:04.010Z"}},
      {"backend": "dc2", "verdict": "up", "evidence": {"failed_probes": 0, "failed_attempts": 0,
       "distinct_callers": 0, "requests_touched": 0, "last_reason": "none", "first_symptom": null}}]},
  "backends": [
    {"name": "dc1", "verdict": "recovering", "since": "2030-05-06T09:12:06.000Z", "evidence": {"failed_probes": 0,
     "failed_attempts": 2, "distinct_callers": 0, "requests_touched": 2, "last_reason": "connect-failed"},
     "doubtful": true, "usual_ms": 85, "ejected_until": "2030-05-06T09:12:15.000Z", "failing_insurer": 306},
    {"name": "dc2-north", "verdict": "up", "since": "2030-05-06T08:00:00.000Z", "evidence": {"last_reason": "none"},
     "doubtful": false, "usual_ms": null, "ejected_until": null, "failing_insurer": null}],
  "procedure_active": false, "procedure_since": null, "next_due": "2030-05-06T09:12:36.000Z",
  "outlook": ["When dc2 is down, dc3 takes over at once.", "dc1 is up."]})json";

TEST(ctl_explanation, a_mode_is_explained_in_aligned_lines) {
    EXPECT_EQ(
        describe_explanation(in_backup),
        "assurability: backup (dc2) since 2030-05-06 09:12:05 UTC\n"
        "  next due: 2030-05-06 09:12:36 UTC\n"
        "\n"
        "what brought it: detection by garde, primary (dc1) -> backup (dc2)\n"
        "  2030-05-06: first symptom 09:12:04.010, detected 09:12:05.020, decided 09:12:05.030, in effect "
        "09:12:05.040; 2 requests touched\n"
        "  dc1  down        3 failed probes in a row, 2 failed attempts in a row, 2 callers lately, 2 "
        "requests "
        "touched, last connect-failed\n"
        "  dc2  up          nothing amiss\n"
        "\n"
        "backends now:\n"
        "  dc1        recovering  since 2030-05-06 09:12:06 UTC  2 failed attempts in a row, 2 requests "
        "touched, "
        "last connect-failed; usually 85 ms; in doubt; out until 2030-05-06 09:12:15 UTC; insurer 306 fails\n"
        "  dc2-north  up          since 2030-05-06 08:00:00 UTC  nothing amiss\n"
        "\n"
        "what comes next:\n"
        "  - When dc2 is down, dc3 takes over at once.\n"
        "  - dc1 is up.\n");
}

TEST(ctl_explanation, an_order_and_an_open_procedure_are_told) {
    const auto text = describe_explanation(R"({"service":"a","mode":"emergency","active_backend":null,
        "since":"2030-05-06T09:12:05.000Z","override":{"mode":"emergency","by":"anne","reason":"rehearsal",
        "until":"2030-05-06T10:00:00.000Z"},"last_switchover":null,"backends":[],"procedure_active":true,
        "procedure_since":"2030-05-06T09:12:05.000Z","next_due":null,"outlook":[]})");
    EXPECT_THAT(text, HasSubstr("a: emergency since 2030-05-06 09:12:05 UTC\n"));
    EXPECT_THAT(text, HasSubstr("  pinned to emergency by anne: rehearsal; until 2030-05-06 10:00:00 UTC\n"));
    EXPECT_THAT(text, HasSubstr("  emergency procedure open since 2030-05-06 09:12:05 UTC\n"));
    EXPECT_THAT(text, HasSubstr("  next due: nothing\n"));
    EXPECT_THAT(text, Not(HasSubstr("what brought it")));
}

TEST(ctl_explanation, a_time_that_is_not_known_is_called_so) {
    EXPECT_THAT(
        describe_explanation(R"({"last_switchover":{"in_effect":null,"by":"anne","reason":"drill"}})"),
        AllOf(HasSubstr("in effect unknown"), HasSubstr("  reason  drill\n")));
}

TEST(ctl_explanation, what_is_no_document_comes_as_it_is) {
    EXPECT_EQ(describe_explanation("not JSON"), "not JSON\n");
    EXPECT_EQ(describe_explanation("[1]"), "[1]\n");
}

}  // namespace
}  // namespace garde::app
