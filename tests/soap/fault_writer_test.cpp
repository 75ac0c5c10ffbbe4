// The fault that carries the emergency procedure: valid, escaped, and read back by the scanner as what it is.
#include "garde/soap/fault_writer.hpp"

#include "garde/soap/envelope_scan.hpp"

#include "../support/messages.hpp"
#include "relaxng.hpp"

#include <gtest/gtest.h>

namespace garde::soap {
namespace {

using test::complaint_of;

temporary_fault example() {
    return {.id = "0123-abcd",
            .environment = "Acceptation",
            .messages = {{"fr", "Le service est indisponible."}, {"nl", "De dienst is niet beschikbaar."}},
            .contact = "https://status.example.org/procedure?lang=fr&service=assurability"};
}

TEST(fault_writer, writes_a_valid_fault) {
    EXPECT_EQ(complaint_of("soa-fault.rng", write_temporary_fault(example())), "");
}

TEST(fault_writer, the_scanner_reads_it_as_temporarily_not_available) {
    const auto text = write_temporary_fault(example());
    const auto found = scan(text);
    EXPECT_EQ(found.result, scan_result::envelope);
    EXPECT_TRUE(found.fault);
    EXPECT_EQ(found.fault_code, "SOA-02002");
    EXPECT_EQ(found.fault_string, "SOA-02002");
}

TEST(fault_writer, every_message_is_there_in_its_language) {
    const auto text = write_temporary_fault(example());
    EXPECT_NE(text.find(R"(<Message xml:lang="fr">Le service est indisponible.</Message>)"),
              std::string::npos);
    EXPECT_NE(text.find(R"(<Message xml:lang="nl">De dienst is niet beschikbaar.</Message>)"),
              std::string::npos);
}

TEST(fault_writer, the_fault_code_is_a_qualified_name_of_soap) {
    EXPECT_NE(write_temporary_fault(example()).find("<faultcode>SOAP-ENV:Server</faultcode>"),
              std::string::npos);
}

TEST(fault_writer, the_contact_is_left_out_when_empty) {
    auto fault = example();
    fault.contact.clear();
    const auto text = write_temporary_fault(fault);
    EXPECT_EQ(text.find("Contact"), std::string::npos);
    EXPECT_EQ(complaint_of("soa-fault.rng", text), "");
}

TEST(fault_writer, hostile_texts_stay_texts) {
    const std::string hostile = "\"'><x/>&boom;]]><!--\r\n\x01\x7F\xFF\xC3\xA9\xEF\xBF\xBF";
    const auto text = write_temporary_fault(
        {.id = hostile, .environment = "Production", .messages = {{"fr", hostile}}, .contact = hostile});
    EXPECT_EQ(complaint_of("soa-fault.rng", text), "");
    EXPECT_EQ(scan(text).result, scan_result::envelope);
}

TEST(fault_writer, the_grammar_refuses_what_the_schema_refuses) {
    const auto good = write_temporary_fault(example());
    EXPECT_NE(complaint_of("soa-fault.rng", test::with(good, "Acceptation", "Elsewhere")), "");
    EXPECT_NE(complaint_of("soa-fault.rng", test::with(good, "<Retry>true</Retry>", "<Retry>maybe</Retry>")),
              "");
    EXPECT_NE(complaint_of("soa-fault.rng", test::with(good, "<Origin>Provider</Origin>", "")), "");
    EXPECT_NE(complaint_of("soa-fault.rng", test::with_all(good, "soa:Environment", "Environment")), "");
}

TEST(escape, replaces_markup) {
    EXPECT_EQ(escape("<a b='c' d=\"e\">&</a>"), "&lt;a b=&apos;c&apos; d=&quot;e&quot;&gt;&amp;&lt;/a&gt;");
}

TEST(escape, keeps_other_characters) {
    EXPECT_EQ(escape("d\xC3\xA9j\xC3\xA0 \xE2\x82\xAC \xF0\x9F\x98\x80\t\n"),
              "d\xC3\xA9j\xC3\xA0 \xE2\x82\xAC \xF0\x9F\x98\x80\t\n");
}

TEST(escape, keeps_a_carriage_return_as_a_reference) {
    EXPECT_EQ(escape("a\r\nb"), "a&#13;\nb");
}

TEST(escape, drops_what_xml_forbids) {
    using namespace std::string_view_literals;
    EXPECT_EQ(escape("a\0b\x01\x0B\x1F"sv), "ab");
    EXPECT_EQ(escape("a\xEF\xBF\xBE"
                     "b\xEF\xBF\xBF"),
              "ab");  // U+FFFE, U+FFFF
    EXPECT_EQ(escape("a\xED\xA0\x80"
                     "b"),
              "ab");  // a surrogate
}

TEST(escape, drops_bytes_that_are_no_utf_8) {
    EXPECT_EQ(escape("a\xC3"), "a");  // cut off
    EXPECT_EQ(escape("a\x80"
                     "b\xFF"
                     "c"),
              "abc");  // no lead bytes
    EXPECT_EQ(escape("a\xC0\xBC"
                     "b"),
              "ab");  // '<' in two bytes
    EXPECT_EQ(escape("a\xE0\x80\xBC"
                     "b"),
              "ab");  // '<' in three bytes
    EXPECT_EQ(escape("a\xF4\x90\x80\x80"
                     "b"),
              "ab");  // beyond U+10FFFF
    EXPECT_EQ(escape("a\xE2\x82<"), "a&lt;");
}

}  // namespace
}  // namespace garde::soap
