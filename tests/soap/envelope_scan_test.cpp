// The scanner of the main path: what it takes for a complete envelope, and what it reads from one.
#include "garde/soap/envelope_scan.hpp"

#include "../support/messages.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace garde::soap {
namespace {

using std::chrono::milliseconds;
using test::fixture;
using test::with;
using test::with_all;

constexpr std::string_view soap_uri = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::string_view wsse_uri =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
constexpr std::string_view wsu_uri =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

std::string in_envelope(std::string_view children, std::string_view attributes = "") {
    return std::string("<s:Envelope xmlns:s=\"").append(soap_uri) + "\"" + std::string(attributes) + ">" +
           std::string(children) + "</s:Envelope>";
}

std::string in_body(std::string_view content) {
    return in_envelope("<s:Body>" + std::string(content) + "</s:Body>");
}

std::string timestamped(std::string_view timestamp_children) {
    return in_envelope("<s:Header><x:Security xmlns:x=\"" + std::string(wsse_uri) +
                       "\"><u:Timestamp xmlns:u=\"" + std::string(wsu_uri) + "\">" +
                       std::string(timestamp_children) + "</u:Timestamp></x:Security></s:Header><s:Body/>");
}

std::string faulty(std::string_view fault_children) {
    return in_body("<s:Fault>" + std::string(fault_children) + "</s:Fault>");
}

std::string with_error(std::string_view name, std::string_view children) {
    return faulty("<faultcode>s:Server</faultcode><faultstring>something</faultstring><detail><e:" +
                  std::string(name) + " xmlns:e=\"urn:be:fgov:ehealth:errors:soa:v1\">" +
                  std::string(children) + "</e:" + std::string(name) + "></detail>");
}

bool is_envelope(std::string_view text) {
    return scan(text).result == scan_result::envelope;
}
bool is_not_xml(std::string_view text) {
    return scan(text).result == scan_result::not_xml;
}

// --- what is an envelope
// -----------------------------------------------------------------------------------------------

TEST(envelope_scan, reads_the_name_of_the_payload) {
    const auto text = fixture("consult-reply.xml");
    const auto found = scan(text);
    EXPECT_EQ(found.result, scan_result::envelope);
    EXPECT_EQ(found.payload_namespace, "urn:be:fgov:ehealth:insurability:protocol:v2");
    EXPECT_EQ(found.payload_name, "GetInsurabilityForPharmacistResponse");
    EXPECT_FALSE(found.fault);
    EXPECT_TRUE(found.fault_code.empty());
    EXPECT_FALSE(found.life_span.has_value());
}

TEST(envelope_scan, views_point_into_the_text) {
    const auto text = in_body("<a:b xmlns:a='urn:a'/>");
    const auto found = scan(text);
    EXPECT_GE(found.payload_name.data(), text.data());
    EXPECT_LE(found.payload_name.data() + found.payload_name.size(), text.data() + text.size());
}

TEST(envelope_scan, empty_and_blank_texts_are_empty) {
    EXPECT_EQ(scan("").result, scan_result::empty);
    EXPECT_EQ(scan({}).result, scan_result::empty);
    EXPECT_EQ(scan(" \r\n\t ").result, scan_result::empty);
}

TEST(envelope_scan, no_prefix_of_a_message_is_an_envelope) {
    for (const auto* name : {"consult-reply.xml", "consult-request.xml"}) {
        auto text = fixture(name);
        text.erase(text.find_last_not_of(" \n") + 1);
        ASSERT_TRUE(is_envelope(text));
        for (std::size_t length = 0; length < text.size(); ++length)
            ASSERT_FALSE(is_envelope(std::string_view(text).substr(0, length)))
                << name << " cut after " << length;
    }
}

TEST(envelope_scan, an_empty_body_has_no_payload) {
    for (const auto& text : {in_envelope("<s:Body/>"), in_body(""), in_body(" <!-- nothing --> ")}) {
        EXPECT_TRUE(is_envelope(text)) << text;
        EXPECT_TRUE(scan(text).payload_name.empty()) << text;
    }
}

TEST(envelope_scan, accepts_what_xml_allows_around_and_within) {
    for (const auto& text : {
             "\xEF\xBB\xBF" + in_body("<a/>"),
             "<?xml version='1.0' encoding='UTF-8'?>" + in_body("<a/>"),
             "\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- c --><?pi data?>\n" + in_body("<a/>") +
                 "\n<!-- c --><?pi?> \n",
             "<?xml-stylesheet href='x'?>" + in_body("<a/>"),
             in_body("<a b='1' c = \"2\"\n\td='>' />"),
             in_body("<a>x > y</a >"),
             in_body("<a><![CDATA[<not><a>&tag; ]] > ]]></a>"),
             in_body("<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x1F600;</a>"),
             in_body("<a b='&lt;&#10;'/>"),
             in_body("<a>caf\xC3\xA9</a>"),
             in_body("<\xC3\xA9t\xC3\xA9/>"),
             in_body("<a>]] ></a>"),
             in_body("<a xml:lang='fr'/>"),
             in_envelope("<s:Header/><s:Body/>"),
             in_envelope(" <s:Header> text </s:Header> <s:Body/> "),
             in_body("<a/><b/>"),
             with_all(with_all(with(in_body("<x/>"), "xmlns:s=", "xmlns:t-1.1_="), "<s:", "<t-1.1_:"),
                      "</s:", "</t-1.1_:"),
             std::string("<Envelope xmlns='").append(soap_uri) + "'><Body><a xmlns=''/></Body></Envelope>",
         })
        EXPECT_TRUE(is_envelope(text)) << text;
}

TEST(envelope_scan, anything_else_is_not_xml) {
    for (const auto& text : {
             std::string("hello"),
             std::string("{\"status\":\"ok\"}"),
             std::string("<html><body><p>Service unavailable<br></body></html>"),
             std::string("\xEF\xBB\xBF"),
             "x" + in_body("<a/>"),
             in_body("<a/>") + "x",
             in_body("<a/>") + "&amp;",
             in_body("<a/>") + in_body("<a/>"),
             in_body("<a/>") + "<b/>",
             in_body("<a/>") + "</s:Envelope>",
             in_body("<a>") + "",
             in_body("</a>"),
             in_body("<a></b>"),
             in_body("<a></A>"),
             in_body("<a></aa>"),
             in_body("<a><b></a></b>"),
             in_body("<a"),
             in_body("<a b></a>"),
             in_body("<a b=c/>"),
             in_body("<a b='c\"/>"),
             in_body("<a b='c'd='e'/>"),
             in_body("<a b='<'/>"),
             in_body("<a / >"),
             in_body("< a/>"),
             in_body("<1/>"),
             in_body("<a></ a>"),
             in_body("<a></a x='1'>"),
             in_body("<a><![CDATA[x]]</a>"),
             in_body("<a>x]]>y</a>"),
             in_body("<a><!-- -- --></a>"),
             in_body("<a><!-- x</a>"),
             in_body("<a><!ELEMENT x></a>"),
             in_body("<a><?pi</a>"),
             in_body("<a><?xml version='1.0'?></a>"),
             in_body("<a><?XmL x?></a>"),
             in_body("<a><?"
                     "?></a>"),
             " <?xml version='1.0'?>" + in_body("<a/>"),
             "<?xml?>" + in_body("<a/>"),
             "<?xml encoding='UTF-8'?>" + in_body("<a/>"),
             "<![CDATA[x]]>" + in_body("<a/>"),
         })
        EXPECT_TRUE(is_not_xml(text)) << text;
}

TEST(envelope_scan, a_document_type_is_not_xml) {
    EXPECT_TRUE(is_not_xml("<!DOCTYPE s:Envelope>" + in_body("<a/>")));
    EXPECT_TRUE(is_not_xml("<!DOCTYPE x [<!ENTITY e 'boom'>]>" + in_body("<a>&e;</a>")));
    EXPECT_TRUE(is_not_xml("<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + in_body("<a/>")));
}

TEST(envelope_scan, only_the_predefined_entities_and_valid_character_references) {
    for (const std::string_view reference :
         {"&nbsp;", "&", "&;", "&amp", "&#;", "&#x;", "&#0;", "&#8;", "&#xD800;", "&#xFFFF;", "&#x110000;",
          "&#99999999999;", "&#-65;", "&#6 5;", "&#X41;", "&Amp;", "&amp ;"}) {
        EXPECT_TRUE(is_not_xml(in_body("<a>" + std::string(reference) + "</a>"))) << reference;
        EXPECT_TRUE(is_not_xml(in_body("<a b='" + std::string(reference) + "'/>"))) << reference;
    }
}

TEST(envelope_scan, forbidden_control_characters_are_not_xml_wherever_they_stand) {
    const auto good = in_body("<a b='1'>" + std::string(100, 'x') + "</a>");
    ASSERT_TRUE(is_envelope(good));
    for (const char c : {'\0', '\x01', '\x0B', '\x1F'}) {
        for (const std::size_t at : {good.find('1'), good.find("xx"), good.rfind("xx"), good.size() - 1}) {
            auto bad = good;
            bad[at] = c;
            EXPECT_TRUE(is_not_xml(bad)) << "byte " << static_cast<int>(c) << " at " << at;
        }
    }
}

TEST(envelope_scan, utf_16_is_not_xml) {
    std::string wide = "\xFF\xFE";
    for (const char c : in_body("<a/>")) wide.append({c, '\0'});
    EXPECT_TRUE(is_not_xml(wide));
}

TEST(envelope_scan, needs_the_soap_1_1_structure) {
    for (const auto& text : {
             std::string("<a/>"),
             std::string("<Envelope><Body/></Envelope>"),
             with_all(in_body("<a/>"), soap_uri, "http://www.w3.org/2003/05/soap-envelope"),
             in_envelope(""),
             in_envelope("<s:Header/>"),
             in_envelope("<s:Body/><s:Body/>"),
             in_envelope("<s:Header/><s:Header/><s:Body/>"),
             in_envelope("<s:Body/><s:Header/>"),
             in_envelope("<s:Body/><other/>"),
             in_envelope("<other/><s:Body/>"),
             in_envelope("<Body/>"),
             in_envelope("text<s:Body/>"),
             in_body("text"),
             in_body("<a/>text"),
             in_body("<![CDATA[text]]>"),
             with(in_body("<a/>"), "Envelope", "envelope"),
         })
        EXPECT_TRUE(is_not_xml(text)) << text;
}

// --- namespaces
// ----------------------------------------------------------------------------------------------------------

TEST(envelope_scan, namespaces_go_by_the_nearest_declaration) {
    const auto text = in_body("<a:x xmlns:a='urn:outer' xmlns:b='urn:b'><a:y xmlns:a='urn:inner'/></a:x>");
    EXPECT_EQ(scan(text).payload_namespace, "urn:outer");
    EXPECT_EQ(scan(in_body("<s:x xmlns:s='urn:own'/>")).payload_namespace, "urn:own");
    EXPECT_EQ(scan(in_body("<x xmlns='urn:default'/>")).payload_namespace, "urn:default");
    EXPECT_EQ(scan(in_body("<x/>")).payload_namespace, "");
}

TEST(envelope_scan, a_declaration_ends_with_its_element) {
    EXPECT_TRUE(is_envelope(in_body("<a xmlns:p='urn:p'><p:b/></a>")));
    EXPECT_TRUE(is_not_xml(in_body("<a xmlns:p='urn:p'/><p:b/>")));
    EXPECT_TRUE(is_not_xml(in_body("<a><b xmlns:p='urn:p'></b><p:c/></a>")));
}

TEST(envelope_scan, names_must_be_qualified_names) {
    for (const std::string_view name : {"p:a", ":a", "s:", "s:a:b", "s:1"})
        EXPECT_TRUE(is_not_xml(in_body("<" + std::string(name) + "/>"))) << name;
    EXPECT_TRUE(is_not_xml(in_body("<a xmlns:p=''/>")));
    EXPECT_TRUE(is_not_xml(in_body("<a xmlns:='urn:x'/>")));
}

TEST(envelope_scan, bounds_on_depth_declarations_and_attributes) {
    const auto nested = [](int levels) {
        std::string open, close;
        for (int i = 0; i < levels; ++i) open += "<a>", close += "</a>";
        return in_body(open + close);
    };
    EXPECT_TRUE(is_envelope(nested(62)));
    EXPECT_TRUE(is_not_xml(nested(63)));

    const auto many = [](int count, std::string_view name, std::string_view value) {
        std::string attributes;
        for (int i = 0; i < count; ++i)
            attributes += " " + std::string(name) + std::to_string(i) + "='" + std::string(value) + "'";
        return in_body("<a" + attributes + "/>");
    };
    EXPECT_TRUE(is_envelope(many(63, "xmlns:p", "urn:p")));
    EXPECT_TRUE(is_not_xml(many(64, "xmlns:p", "urn:p")));
    EXPECT_TRUE(is_envelope(many(256, "p", "v")));
    EXPECT_TRUE(is_not_xml(many(257, "p", "v")));
}

// --- faults
// --------------------------------------------------------------------------------------------------------------

TEST(envelope_scan, reads_the_code_of_a_system_or_business_error) {
    for (const std::string_view kind : {"SystemError", "BusinessError"}) {
        const auto text =
            with_error(kind, "<Origin>Provider</Origin><Code> SOA-02001\n</Code><Message>m</Message>");
        const auto found = scan(text);
        EXPECT_TRUE(found.fault);
        EXPECT_EQ(found.fault_code, "SOA-02001") << kind;
        EXPECT_EQ(found.fault_string, "something");
        EXPECT_EQ(found.payload_name, "Fault");
        EXPECT_EQ(found.payload_namespace, soap_uri);
    }
}

TEST(envelope_scan, the_code_may_be_qualified_or_in_character_data) {
    EXPECT_EQ(scan(with_error("SystemError", "<e:Code>SOA-02002</e:Code>")).fault_code, "SOA-02002");
    EXPECT_EQ(scan(with_error("SystemError", "<Code><![CDATA[SOA-02002]]></Code>")).fault_code, "SOA-02002");
}

TEST(envelope_scan, a_code_elsewhere_is_not_the_code) {
    EXPECT_EQ(scan(faulty("<faultstring>f</faultstring><detail><SystemError><Code>SOA-02001</Code></"
                          "SystemError></detail>"))
                  .fault_code,
              "");
    EXPECT_EQ(scan(faulty("<faultstring>f</faultstring><detail><Code>SOA-02001</Code></detail>")).fault_code,
              "");
    EXPECT_EQ(scan(with_error("OtherError", "<Code>SOA-02001</Code>")).fault_code, "");
    EXPECT_EQ(scan(with_error("SystemError", "<x><Code>SOA-02001</Code></x>")).fault_code, "");
}

TEST(envelope_scan, without_a_detail_the_fault_string_or_fault_code_gives_the_code) {
    EXPECT_EQ(
        scan(faulty("<faultcode>s:Server</faultcode><faultstring> SOA-02001 </faultstring>")).fault_code,
        "SOA-02001");
    EXPECT_EQ(scan(faulty("<faultcode>SOA-01001</faultcode><faultstring>no</faultstring>")).fault_code,
              "SOA-01001");
    EXPECT_EQ(
        scan(faulty("<faultcode>s:Server</faultcode><faultstring>see SOA-02001</faultstring>")).fault_code,
        "");
    EXPECT_EQ(scan(faulty("<faultcode>s:Server</faultcode><faultstring>SOA-0200x</faultstring>")).fault_code,
              "");
}

TEST(envelope_scan, the_detail_wins_over_the_fault_string) {
    auto text = with_error("SystemError", "<Code>SOA-02002</Code>");
    text = with(text, "something", "SOA-01001");
    EXPECT_EQ(scan(text).fault_code, "SOA-02002");
}

TEST(envelope_scan, a_fault_is_one_only_by_its_place_and_namespace) {
    EXPECT_FALSE(scan(in_body("<Fault><faultstring>SOA-02001</faultstring></Fault>")).fault);
    const auto below = in_body("<a><s:Fault><faultstring>SOA-02001</faultstring></s:Fault></a>");
    EXPECT_FALSE(scan(below).fault);
    EXPECT_EQ(scan(below).fault_code, "");
}

// --- life span
// -----------------------------------------------------------------------------------------------------------

TEST(envelope_scan, reads_the_life_span_of_a_request) {
    const auto text = fixture("consult-request.xml");
    EXPECT_EQ(scan(text).life_span, milliseconds{60'000});
}

TEST(envelope_scan, the_life_span_counts_zones_and_fractions) {
    EXPECT_EQ(scan(timestamped("<u:Created>2018-08-09T11:30:00.250+02:00</u:Created>"
                               "<u:Expires>\n 2018-08-09T09:30:10Z </u:Expires>"))
                  .life_span,
              milliseconds{9'750});
}

TEST(envelope_scan, a_life_span_needs_two_instants_in_order) {
    for (const auto* children : {
             "",
             "<u:Created>2018-08-09T09:30:00Z</u:Created>",
             "<u:Expires>2018-08-09T09:31:00Z</u:Expires>",
             "<u:Created>2018-08-09T09:31:00Z</u:Created><u:Expires>2018-08-09T09:30:00Z</u:Expires>",
             "<u:Created>2018-08-09T09:30:00Z</u:Created><u:Expires>2018-08-09T09:30:00Z</u:Expires>",
             "<u:Created>yesterday</u:Created><u:Expires>2018-08-09T09:30:00Z</u:Expires>",
             "<u:Created>2018-08-09T09:30:00Z</u:Created><u:Expires>9999-12-31T00:00:00Z</u:Expires>",
             "<Created>2018-08-09T09:30:00Z</Created><Expires>2018-08-09T09:31:00Z</Expires>",
         }) {
        const auto text = timestamped(children);
        EXPECT_TRUE(is_envelope(text)) << text;
        EXPECT_FALSE(scan(text).life_span.has_value()) << text;
    }
}

TEST(envelope_scan, a_timestamp_elsewhere_is_no_life_span) {
    const std::string_view instants =
        "<u:Created>2018-08-09T09:30:00Z</u:Created><u:Expires>2018-08-09T09:31:00Z</u:Expires>";
    const auto good = timestamped(instants);
    ASSERT_TRUE(scan(good).life_span.has_value());
    EXPECT_FALSE(scan(with(good, wsse_uri, "urn:other")).life_span.has_value());
    EXPECT_FALSE(scan(with(good, wsu_uri, "urn:other")).life_span.has_value());
    const auto in_the_body = with(with(good, "<s:Header>", "<s:Body>"), "</s:Header><s:Body/>", "</s:Body>");
    EXPECT_TRUE(is_envelope(in_the_body));
    EXPECT_FALSE(scan(in_the_body).life_span.has_value());
}

TEST(envelope_scan, of_two_timestamps_the_shorter_counts) {
    const auto one =
        timestamped("<u:Created>2018-08-09T09:30:00Z</u:Created><u:Expires>2018-08-09T09:31:00Z</u:Expires>");
    const auto begin = one.find("<u:Timestamp");
    const auto stamp = one.substr(begin, one.find("</x:Security>") - begin);
    const auto shorter = with(stamp, "09:31:00", "09:30:20");
    EXPECT_EQ(scan(with(one, "</x:Security>", shorter + "</x:Security>")).life_span, milliseconds{20'000});
    EXPECT_EQ(scan(with(one, stamp, shorter + stamp)).life_span, milliseconds{20'000});
}

}  // namespace
}  // namespace garde::soap
