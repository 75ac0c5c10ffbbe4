// garde-sim's pure parts: what it answers to which question, and when which fault applies.
#include "../support/fixtures.hpp"
#include "site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

namespace {

using namespace sim;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct message {
    std::string care_receiver = "<c:Ssin>00000000100</c:Ssin>";
    std::string date = "2025-03-14";
    std::string provider = "11111111111";
    std::string reference = "20250314000001";
    std::string prologue{};
};

std::string text_of(const message& from = {}) {
    return from.prologue +
           R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:be:fgov:ehealth:insurability:protocol:v2" xmlns:c="urn:be:fgov:ehealth:insurability:core:v2"><s:Header/><s:Body><p:GetInsurabilityForPharmacistRequest><p:CommonInput><c:Request><c:IsTest>true</c:IsTest></c:Request><c:Origin><c:Package><c:License><c:Username>u</c:Username><c:Password>p</c:Password></c:License></c:Package><c:CareProvider><c:Nihii><c:Quality>PHARMACY-HOLDER</c:Quality><c:Value>)" +
           from.provider +
           "</c:Value></c:Nihii></c:CareProvider></c:Origin></"
           "p:CommonInput><p:RecordCommonInput><c:Reference>" +
           from.reference +
           "</c:Reference><c:UserReference>A&amp;B-1</c:UserReference></p:RecordCommonInput>" +
           "<p:InsurabilityRequest><c:Date>" + from.date +
           "</c:Date><c:RequestType>0</c:RequestType><c:CareReceiver>" + from.care_receiver +
           "</c:CareReceiver></p:InsurabilityRequest></p:GetInsurabilityForPharmacistRequest></s:Body></"
           "s:Envelope>";
}

std::string ssin(int number) {
    auto digits = std::to_string(number);
    return std::string(11 - digits.size(), '0') + digits;
}

std::string reply_about(const std::string& care_receiver) {
    const auto asked = read_question(text_of({.care_receiver = care_receiver}));
    return asked ? make_reply(*asked) : std::string(asked.error());
}

std::string reply_to_ssin(int number) {
    return reply_about("<c:Ssin>" + ssin(number) + "</c:Ssin>");
}

std::string error_of(std::string_view text) {
    const auto asked = read_question(text);
    return asked ? "no error" : std::string(asked.error());
}

std::vector<fault> faults(std::string_view list) {
    auto read = read_faults(R"({"faults":[)" + std::string(list) + "]}");
    EXPECT_TRUE(read) << read.error();
    return read ? *read : std::vector<fault>();
}

std::string problem_of(std::string_view list) {
    const auto read = read_faults(R"({"faults":[)" + std::string(list) + "]}");
    return read ? "no problem" : read.error();
}

// --- the insurer

TEST(sim_consult, echoes_references_date_and_patient) {
    const auto reply = reply_to_ssin(100);
    EXPECT_THAT(reply, HasSubstr("<ns2:Reference>20250314000001</ns2:Reference>"));
    EXPECT_THAT(reply, HasSubstr("<ns2:UserReference>A&amp;B-1</ns2:UserReference>"));
    EXPECT_THAT(reply, HasSubstr("<ns2:Requested>2025-03-14</ns2:Requested>"));
    EXPECT_THAT(reply, HasSubstr("<ns2:Ssin>00000000100</ns2:Ssin>"));
    EXPECT_THAT(reply, HasSubstr("<ns2:EndDate>2025-12-31</ns2:EndDate>"));
}

TEST(sim_consult, equal_questions_get_equal_answers) {
    EXPECT_EQ(reply_to_ssin(123), reply_to_ssin(123));
}

TEST(sim_consult, payment_approval_depends_on_provider) {
    const auto approval = [](const std::string& provider) {
        const auto reply = make_reply(*read_question(text_of({.provider = provider})));
        return reply.substr(reply.find("<ns2:PaymentApproval>"), 60);
    };
    EXPECT_NE(approval("11111111111"), approval("11111111112"));
    EXPECT_EQ(approval("11111111111"), approval("11111111111"));
}

TEST(sim_consult, both_ways_of_asking_lead_to_the_same_patient) {
    const auto by_registration =
        reply_about("<c:RegNrWithMut>100</c:RegNrWithMut><c:Mutuality>407</c:Mutuality>");
    EXPECT_EQ(by_registration, reply_to_ssin(100));
}

TEST(sim_consult, another_insurer_does_not_know_the_patient) {
    const auto reply = reply_about("<c:RegNrWithMut>100</c:RegNrWithMut><c:Mutuality>130</c:Mutuality>");
    EXPECT_THAT(reply, HasSubstr("<ns2:Detail>00103</ns2:Detail>"));
    EXPECT_THAT(reply, Not(HasSubstr("Coverage")));
}

TEST(sim_consult, special_patients) {
    EXPECT_THAT(reply_to_ssin(191), HasSubstr("<ns2:Deceased>2025-03-14</ns2:Deceased>"));
    EXPECT_THAT(reply_to_ssin(192), Not(HasSubstr("Coverage")));
    EXPECT_THAT(reply_to_ssin(193), HasSubstr("<ns2:MultipleIO>1 3</ns2:MultipleIO>"));
    EXPECT_THAT(reply_to_ssin(194), HasSubstr("<ns2:Major>01</ns2:Major>"));
    EXPECT_THAT(reply_to_ssin(195), HasSubstr("<Code>300</Code>"));
    EXPECT_THAT(reply_to_ssin(196), HasSubstr("<wsu:Expires>2025-03-14T08:01:00.000Z</wsu:Expires>"));
    EXPECT_EQ(reply_to_ssin(197).size(), 96U * 1024);
}

TEST(sim_consult, errors_by_the_catalogue) {
    EXPECT_EQ(error_of("<a>"), "SOA-03001");
    EXPECT_EQ(error_of(""), "SOA-03001");
    EXPECT_EQ(error_of("<a/>"), "SOA-03002");
    EXPECT_EQ(error_of(R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>)"), "SOA-03003");
    EXPECT_EQ(error_of(text_of({.prologue = "<!DOCTYPE x>"})), "SOA-03004");
    EXPECT_EQ(
        error_of(
            R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>)"),
        "SOA-03005");
    EXPECT_EQ(error_of(text_of({.date = "2025-02-29"})), "SOA-03006");
    EXPECT_EQ(error_of(text_of({.care_receiver = "<c:Ssin>1</c:Ssin>"})), "SOA-03006");
    EXPECT_EQ(error_of(text_of({.reference = "no number"})), "SOA-03006");
    EXPECT_EQ(error_of(text_of({.care_receiver = ""})), "SOA-03007");
    EXPECT_EQ(error_of(text_of()), "no error");
}

/// A RELAX NG grammar of the fixtures.
class grammar {
  public:
    explicit grammar(const std::string& name) {
        const auto file = garde::test::fixtures() / name;
        const std::unique_ptr<xmlRelaxNGParserCtxt, decltype(&xmlRelaxNGFreeParserCtxt)> parser(
            xmlRelaxNGNewParserCtxt(file.c_str()), xmlRelaxNGFreeParserCtxt);
        rules_.reset(xmlRelaxNGParse(parser.get()));
        EXPECT_TRUE(rules_) << file;
    }

    [[nodiscard]] bool fits(const std::string& text) const {
        const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
            xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr, 0), xmlFreeDoc);
        const std::unique_ptr<xmlRelaxNGValidCtxt, decltype(&xmlRelaxNGFreeValidCtxt)> context(
            xmlRelaxNGNewValidCtxt(rules_.get()), xmlRelaxNGFreeValidCtxt);
        return document && context && xmlRelaxNGValidateDoc(context.get(), document.get()) == 0;
    }

  private:
    std::unique_ptr<xmlRelaxNG, decltype(&xmlRelaxNGFree)> rules_{nullptr, xmlRelaxNGFree};
};

TEST(sim_consult, replies_fit_the_grammar) {
    const grammar reply("consult-reply.rng");
    for (int number = 100; number < 200; ++number) EXPECT_TRUE(reply.fits(reply_to_ssin(number))) << number;
    EXPECT_FALSE(reply.fits(make_fault("SOA-02002")));
}

TEST(sim_consult, faults_fit_the_grammar) {
    const grammar fault("soa-fault.rng");
    for (const auto* code : {"SOA-00001", "SOA-01001", "SOA-02001", "SOA-02002", "SOA-03006", "SOA-03007"}) {
        EXPECT_TRUE(fault.fits(make_fault(code))) << code;
    }
    EXPECT_FALSE(fault.fits(reply_to_ssin(100)));
}

// --- faults

TEST(sim_faults, reads_all_members) {
    const auto list = faults(
        R"({"kind":"slow","for":"traffic","mutuality":"130","from_ms":10,"until_ms":20,"flap_ms":4,"share":0.5,"delay_ms":7,"jitter_ms":3})");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].whom, audience::traffic);
    EXPECT_EQ(list[0].mutuality, "130");
    EXPECT_EQ(list[0].until, 20ms);
    EXPECT_EQ(list[0].delay, 7ms);
    EXPECT_EQ(list[0].share, 0.5);
}

TEST(sim_faults, names_what_is_wrong) {
    EXPECT_EQ(problem_of(R"({"kind":"slow"},{"kind":"sleepy"})"), "fault 2: kind is none of the known words");
    EXPECT_EQ(problem_of(R"({"for":"all"})"), "fault 1: kind is missing");
    EXPECT_EQ(problem_of(R"({"kind":"hang","delay_ms":1})"), "fault 1: delay_ms is not known");
    EXPECT_EQ(problem_of(R"({"kind":"soa_fault"})"), "fault 1: code is missing");
    EXPECT_EQ(problem_of(R"({"kind":"hang","when":"body"})"),
              "fault 1: when of hang must be accept or request");
    EXPECT_EQ(problem_of(R"({"kind":"hang","share":1.5})"), "fault 1: share must be a number from 0 to 1");
    EXPECT_EQ(problem_of(R"({"kind":"http_status","status":42})"),
              "fault 1: status must be a number from 100 to 599");
    EXPECT_EQ(problem_of(R"({"kind":"refuse","for":"probe"})"),
              "fault 1: for and mutuality cannot be told before a request");
    EXPECT_EQ(problem_of("3"), "fault 1: must be an object");
    EXPECT_THAT(problem_of("{"), HasSubstr("not JSON"));
}

TEST(sim_faults, keeps_its_timetable) {
    const auto list = faults(R"({"kind":"hang","from_ms":100,"until_ms":200})");
    EXPECT_FALSE(active_at(list[0], 99ms));
    EXPECT_TRUE(active_at(list[0], 100ms));
    EXPECT_TRUE(active_at(list[0], 199ms));
    EXPECT_FALSE(active_at(list[0], 200ms));
}

TEST(sim_faults, flaps_half_and_half_from_its_begin) {
    const auto list = faults(R"({"kind":"hang","from_ms":50,"flap_ms":100})");
    EXPECT_TRUE(active_at(list[0], 50ms));
    EXPECT_TRUE(active_at(list[0], 99ms));
    EXPECT_FALSE(active_at(list[0], 100ms));
    EXPECT_FALSE(active_at(list[0], 149ms));
    EXPECT_TRUE(active_at(list[0], 150ms));
}

TEST(sim_faults, next_change_steps_through_all_changes_of_refusing) {
    const auto list =
        faults(R"({"kind":"refuse","from_ms":30,"until_ms":200,"flap_ms":100},{"kind":"hang","from_ms":5})");
    auto at = 0ms;
    std::vector<std::pair<milliseconds, bool>> seen;
    for (auto next = next_refusal_change(list, at); next; next = next_refusal_change(list, at)) {
        ASSERT_GT(*next, at);
        at = *next;
        seen.emplace_back(at, refusing_at(list, at));
    }
    const std::vector<std::pair<milliseconds, bool>> expected{
        {30ms, true}, {80ms, false}, {130ms, true}, {180ms, false}, {200ms, false}};
    EXPECT_EQ(seen, expected);
}

TEST(sim_faults, share_hits_about_that_share_and_the_same_requests_again) {
    const auto list = faults(R"({"kind":"hang","share":0.25})");
    int hits = 0;
    for (std::uint64_t number = 0; number < 4000; ++number) {
        const bool hit = effects_on_request(list, 0ms, {.number = number}, 7).decisive != nullptr;
        EXPECT_EQ(hit, effects_on_request(list, 0ms, {.number = number}, 7).decisive != nullptr);
        hits += hit ? 1 : 0;
    }
    EXPECT_NEAR(hits, 1000, 120);
}

TEST(sim_faults, slow_goes_together_with_others_and_the_first_other_decides) {
    const auto list = faults(
        R"({"kind":"slow","delay_ms":20},{"kind":"soa_fault","code":"SOA-02002"},{"kind":"hang"},{"kind":"slow","delay_ms":5})");
    const auto found = effects_on_request(list, 0ms, {}, 1);
    EXPECT_EQ(found.delay, 25ms);
    ASSERT_NE(found.decisive, nullptr);
    EXPECT_EQ(found.decisive->kind, fault_kind::soap_fault);
}

TEST(sim_faults, jitter_stays_in_its_bounds) {
    const auto list = faults(R"({"kind":"slow","delay_ms":20,"jitter_ms":10})");
    std::set<milliseconds> seen;
    for (std::uint64_t number = 0; number < 200; ++number) {
        seen.insert(effects_on_request(list, 0ms, {.number = number}, 1).delay);
    }
    EXPECT_EQ(*seen.begin(), 20ms);
    EXPECT_EQ(*seen.rbegin(), 29ms);
}

TEST(sim_faults, apply_to_whom_they_are_for) {
    const auto list = faults(R"({"kind":"hang","for":"traffic","mutuality":"130"})");
    const auto hit = [&](bool probe, std::string_view mutuality) {
        return effects_on_request(list, 0ms, {.probe = probe, .mutuality = mutuality}, 1).decisive != nullptr;
    };
    EXPECT_TRUE(hit(false, "130"));
    EXPECT_FALSE(hit(true, "130"));
    EXPECT_FALSE(hit(false, "203"));
    EXPECT_FALSE(hit(false, ""));
}

TEST(sim_faults, reset_at_accept_meets_connections_and_not_requests) {
    const auto list = faults(R"({"kind":"reset","when":"accept"})");
    EXPECT_EQ(effect_on_connection(list, 0ms, 0, 1), connection_effect::reset);
    EXPECT_EQ(effects_on_request(list, 0ms, {}, 1).decisive, nullptr);
}

// --- the site: counting, replays and spoilt answers

class sim_site : public testing::Test {
  protected:
    site::decision ask(const std::string& body) {
        return site_.decide({.method = "POST", .target = "/x", .body = body, .raw = body}, now_);
    }
    void order(std::string_view list) {
        EXPECT_EQ(site_.put_faults(R"({"faults":[)" + std::string(list) + "]}", now_), "");
    }

    site site_{site_options{.name = "dc7"}};
    time_point now_{1h};
};

TEST_F(sim_site, says_its_name_in_a_header_only) {
    const auto bytes = ask(text_of()).what.bytes;
    EXPECT_THAT(bytes, HasSubstr("\r\nX-Sim-Site: dc7\r\n"));
    EXPECT_EQ(bytes.rfind("dc7"), bytes.find("dc7"));
}

TEST_F(sim_site, counts_traffic_and_probes_apart) {
    ask(text_of());
    ask(text_of({.provider = "99999999999"}));
    EXPECT_EQ(site_.counted().traffic, 1U);
    EXPECT_EQ(site_.counted().probes, 1U);
    const auto& one = site_.counted().by_reference.at("20250314000001");
    EXPECT_EQ(one.received, 1U);
    EXPECT_EQ(one.answered, 1U);
}

TEST_F(sim_site, a_spoilt_answer_counts_as_received_only) {
    order(R"({"kind":"die_mid_body"})");
    const auto decided = ask(text_of());
    EXPECT_EQ(decided.what.then, ending::reset);
    EXPECT_THAT(decided.what.bytes, HasSubstr("Content-Length: "));
    const auto& one = site_.counted().by_reference.at("20250314000001");
    EXPECT_EQ(one.received, 1U);
    EXPECT_EQ(one.answered, 0U);
}

TEST_F(sim_site, tells_of_a_patients_death_when_it_is_told_to) {
    EXPECT_THAT(ask(text_of()).what.bytes, Not(HasSubstr("Deceased")));
    order(R"({"kind":"deceased"})");
    const auto decided = ask(text_of());
    EXPECT_EQ(decided.what.then, ending::keep);
    EXPECT_THAT(decided.what.bytes, HasSubstr("HTTP/1.1 200 OK"));
    EXPECT_THAT(decided.what.bytes, HasSubstr("Deceased>"));
}

TEST_F(sim_site, a_message_seen_before_is_refused_also_when_its_first_copy_hung) {
    order(R"({"kind":"replay_guard"},{"kind":"hang","until_ms":10})");
    EXPECT_EQ(ask(text_of()).what.then, ending::hang);
    now_ += 10ms;
    EXPECT_THAT(ask(text_of()).what.bytes, HasSubstr("SOA-01001"));
    EXPECT_THAT(ask(text_of({.reference = "2"})).what.bytes, HasSubstr("HTTP/1.1 200 OK"));
    EXPECT_EQ(site_.counted().replays, 1U);
}

TEST(sim_sites, share_what_they_have_seen) {
    const auto folder =
        std::filesystem::path(testing::TempDir()) / ("sim-replay-" + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    const auto body = text_of();
    const request asked{.method = "POST", .target = "/x", .body = body, .raw = body};
    std::vector<std::string> answers;
    for (const auto* name : {"dc1", "dc2"}) {
        site one(site_options{.name = name, .replay_folder = folder});
        EXPECT_EQ(one.put_faults(R"({"faults":[{"kind":"replay_guard","scope":"shared"}]})", {}), "");
        answers.push_back(one.decide(asked, {}).what.bytes);
    }
    std::filesystem::remove_all(folder);
    EXPECT_THAT(answers[0], HasSubstr("HTTP/1.1 200 OK"));
    EXPECT_THAT(answers[1], HasSubstr("SOA-01001"));
}

TEST_F(sim_site, a_chunked_document_dies_inside_a_chunk) {
    order(R"({"kind":"die_mid_chunk"})");
    const auto whole = ask(text_of());
    EXPECT_EQ(whole.what.then, ending::reset);
    EXPECT_THAT(whole.what.bytes, HasSubstr("Transfer-Encoding: chunked"));
    EXPECT_FALSE(whole.what.bytes.ends_with("\r\n"));
}

TEST_F(sim_site, a_chunked_document_can_lack_its_last_chunk_only) {
    const auto chunks = [this] {
        const auto bytes = ask(text_of()).what.bytes;
        return bytes.substr(bytes.find("\r\n\r\n"));
    };
    order(R"({"kind":"short_chunked"})");
    const auto cut = ask(text_of());
    EXPECT_EQ(cut.what.then, ending::close);
    EXPECT_THAT(cut.what.bytes, HasSubstr("Transfer-Encoding: chunked"));
    EXPECT_THAT(cut.what.bytes, HasSubstr("</soapenv:Envelope>"));
    EXPECT_TRUE(chunks().ends_with("\r\n"));
    EXPECT_THAT(chunks(), Not(HasSubstr("\r\n0\r\n")));
}

TEST_F(sim_site, a_reset_strikes_inside_the_head_or_after_it) {
    order(R"({"kind":"reset","when":"head"})");
    const auto inside = ask(text_of()).what;
    EXPECT_EQ(inside.then, ending::reset);
    EXPECT_THAT(inside.bytes, HasSubstr("HTTP/1.1 200"));
    EXPECT_THAT(inside.bytes, Not(HasSubstr("\r\n\r\n")));
    order(R"({"kind":"reset","when":"body"})");
    const auto after = ask(text_of()).what;
    EXPECT_EQ(after.then, ending::reset);
    EXPECT_TRUE(after.bytes.ends_with("\r\n\r\n"));
    EXPECT_THAT(after.bytes, HasSubstr("Content-Length: "));
}

TEST_F(sim_site, documents_have_the_wanted_size) {
    const auto bytes = site_.decide({.method = "GET", .target = "/d?bytes=1000"}, now_).what.bytes;
    const auto body = bytes.substr(bytes.find("\r\n\r\n") + 4);
    ASSERT_EQ(body.size(), 1000U);
    EXPECT_EQ(body[252], 1);
}

TEST_F(sim_site, carries_an_order_out_once_for_each_key) {
    const std::string raw = "POST /orders HTTP/1.1\r\nidempotency-KEY: 17\r\n\r\none";
    const auto order = [&](std::string_view body, std::string_view wire) {
        return site_.decide({.method = "POST", .target = "/orders", .body = body, .raw = wire}, now_)
            .what.bytes;
    };
    EXPECT_THAT(order("one", raw), HasSubstr("201"));
    EXPECT_THAT(order("one", raw), HasSubstr("201"));
    EXPECT_EQ(site_.counted().by_reference.at("17").received, 2U);
    EXPECT_EQ(site_.counted().by_reference.at("17").answered, 1U);
    EXPECT_THAT(order("two", "POST /orders HTTP/1.1\r\n\r\ntwo"), HasSubstr("201"));
    EXPECT_THAT(order("two", "POST /orders HTTP/1.1\r\n\r\ntwo"), HasSubstr("201"));
    EXPECT_EQ(site_.counted().by_reference.at("two").answered, 2U) << "without a key nobody can tell";
    EXPECT_THAT(order("refuse", "POST /orders HTTP/1.1\r\n\r\nrefuse"), HasSubstr("409"));
}

TEST_F(sim_site, echoes_the_request_as_it_was_on_the_wire) {
    const std::string raw = "POST /echo HTTP/1.1\r\nX:  odd \r\n\r\nbody";
    const auto bytes =
        site_.decide({.method = "POST", .target = "/echo", .body = "body", .raw = raw}, now_).what.bytes;
    EXPECT_TRUE(bytes.ends_with("\r\n\r\n" + raw));
}

}  // namespace
