// What operators read of kept requests, on the screen, in a spreadsheet and on paper.
#include "../../src/app/ctl_deferrals.hpp"

#include <gmock/gmock.h>

namespace garde::app {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto report = R"({"service":"orders","outage":"2018-08-09T09:00:00.000Z",
  "all":{"issued":2,"queued":0,"sent":0,"confirmed":1,"contradicted":1,"expired":0,"handed-back":0,"ambiguous":0},
  "callers":[{"caller":"CA / one, <Ltd>","issued":2,"queued":0,"sent":0,"confirmed":1,"contradicted":1,"expired":0,"handed-back":0,"ambiguous":0}],
  "deferrals":[{"id":"a","caller":"CA / one, <Ltd>","kind":"message","state":"confirmed","kept_at":"t","valid_until":"u","attempts":1,"result":"201","reference":"=1+1","request_sha256":"00"},
               {"id":"b","caller":"say \"yes\"","kind":"message","state":"contradicted","kept_at":"t","valid_until":"u","attempts":2,"result":"409","reference":"","request_sha256":"01"}]})";

TEST(ctl_deferrals, outages_are_summed_up) {
    const auto text = describe_deferrals(
        R"({"failing":false,"outages":[{"service":"orders","outage":"t","kind":"message","issued":8,"queued":3,"confirmed":5}]})");
    EXPECT_EQ(text, "orders since t, messages: 8 kept: 3 queued, 5 confirmed\n");
    EXPECT_EQ(describe_deferrals(R"({"failing":false,"outages":[]})"),
              "no request was kept within thirty days\n");
    EXPECT_THAT(describe_deferrals(R"({"failing":true,"outages":[]})"), HasSubstr("NO REQUEST CAN BE KEPT"));
}

TEST(ctl_deferrals, callers_are_summed_up) {
    EXPECT_THAT(describe_reconciliation(report),
                HasSubstr("all callers: 2 kept: 1 confirmed, 1 contradicted\n"));
    EXPECT_THAT(describe_reconciliation(report), HasSubstr("  CA / one, <Ltd>: 2 kept"));
}

TEST(ctl_deferrals, a_spreadsheet_gets_texts_and_no_formulas) {
    const auto csv = reconciliation_as_csv(report);
    EXPECT_THAT(csv, testing::StartsWith("id,caller,kind,state,kept_at,"));
    EXPECT_THAT(csv, HasSubstr("\r\na,\"CA / one, <Ltd>\",message,confirmed,t,u,1,201,'=1+1,00\r\n"));
    EXPECT_THAT(csv, HasSubstr("\r\nb,\"say \"\"yes\"\"\",message,contradicted,"));
}

TEST(ctl_deferrals, a_page_has_no_markup_but_its_own) {
    const auto page = reconciliation_as_html(report);
    EXPECT_THAT(page, HasSubstr("CA / one, &lt;Ltd&gt;"));
    EXPECT_THAT(page, Not(HasSubstr("<Ltd>")));
    EXPECT_THAT(page, HasSubstr("<td>all</td><td>2</td>"));
}

TEST(ctl_deferrals, rules_are_told_in_their_order) {
    EXPECT_EQ(
        describe_stand_in(
            R"({"policy":"0123","decision":"defer","rule":"keep","rules":[{"rule":"old","decide":"procedure","fits":false,"because":"consult-age"},{"rule":"keep","decide":"defer","fits":true}]})"),
        "old (procedure): does not fit: consult-age\nkeep (defer): fits\ndecides: defer, by keep; policy "
        "0123\n");
}

TEST(ctl_deferrals, an_answer_of_another_form_breaks_nothing) {
    for (const auto* odd : {"", "[]", "{}", R"({"outages":1,"callers":{},"rules":[1]})"}) {
        EXPECT_FALSE(describe_deferrals(odd).empty());
        EXPECT_FALSE(describe_reconciliation(odd).empty());
        EXPECT_FALSE(reconciliation_as_html(odd).empty());
        EXPECT_FALSE(describe_stand_in(odd).empty());
    }
}

}  // namespace
}  // namespace garde::app
