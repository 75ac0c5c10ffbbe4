// The namespaces and names that the check of assertions knows.
#pragma once

#include <string_view>

namespace garde::caller {

inline constexpr std::string_view soap11 = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr std::string_view soap12 = "http://www.w3.org/2003/05/soap-envelope";
inline constexpr std::string_view wsse =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
inline constexpr std::string_view wsu =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
inline constexpr std::string_view saml11 = "urn:oasis:names:tc:SAML:1.0:assertion";
inline constexpr std::string_view saml20 = "urn:oasis:names:tc:SAML:2.0:assertion";
inline constexpr std::string_view dsig = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr std::string_view dsig11 = "http://www.w3.org/2009/xmldsig11#";
inline constexpr std::string_view exclusive_c14n = "http://www.w3.org/2001/10/xml-exc-c14n#";
inline constexpr std::string_view inclusive_c14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
inline constexpr std::string_view enveloped_signature =
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
inline constexpr std::string_view holder_of_key11 = "urn:oasis:names:tc:SAML:1.0:cm:holder-of-key";
inline constexpr std::string_view holder_of_key20 = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key";

}  // namespace garde::caller
