// Two services, as a site would hold them, and views of them: one with a procedure, one without.
#pragma once

#include "garde/control/view.hpp"
#include "garde/proxy/site.hpp"

#include "../../src/status/routes.hpp"
#include "../support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace garde::status {

inline const wall_time switched = *parse_rfc3339("2030-05-06T07:08:09Z");
inline const wall_time asked_at = *parse_rfc3339("2030-05-06T10:11:12Z");

class status_test : public testing::Test {
  protected:
    void SetUp() override {
        consult_.name = "consult";
        consult_.title = {{"fr", "Droits <du> \"patient\""}, {"nl", "Rechten van de patiënt"}};
        auto& backend = consult_.backends.emplace_back();
        backend.name = "secret-backend";
        backend.address.host = "10.9.8.7";
        archive_.name = "archive";
        for (const std::string language : {"fr", "nl", "de", "en"})
            test::write_file(folder_.path() / ("desk." + language + ".txt"),
                             "Title " + language + "\n\nSummary " + language + " & more\n\nOne <" + language +
                                 ">\n\nTwo " + language + "\n");
        auto loaded =
            emergency::procedure::load({.folder = folder_.path(), .name = "desk", .default_language = "nl"},
                                       "https://status.example", "consult");
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        services_.resize(2);
        services_[0].settings = &consult_;
        services_[0].procedure = std::move(*loaded);
        services_[1].settings = &archive_;
    }

    static bool without_backend(continuity::mode current) {
        return current == continuity::mode::degraded || current == continuity::mode::emergency;
    }
    /// The emergency procedure is open while a service has no backend, as without orders.
    static control::view view_of(continuity::mode consult,
                                 continuity::mode archive = continuity::mode::primary) {
        control::view out;
        out.at = switched;
        out.services.resize(2);
        out.services[0].name = "consult";
        out.services[0].current = consult;
        out.services[0].procedure_active = without_backend(consult);
        out.services[0].since = switched;
        out.services[0].active_backend = "secret-backend";
        out.services[0].order = control::override_view{
            .by = "secret-operator", .reason = "secret-reason", .since = switched, .until = std::nullopt};
        out.services[1].name = "archive";
        out.services[1].current = archive;
        out.services[1].procedure_active = without_backend(archive);
        out.services[1].since = switched;
        return out;
    }

    [[nodiscard]] net::page_reply get(const std::string& target, const control::view* now,
                                      const std::string& accept_language = "",
                                      const std::string& method = "GET") const {
        const std::string path = target.substr(0, target.find('?'));
        return respond({.method = method, .path = path, .target = target, .accept_language = accept_language},
                       {services_, R"({"keys":["of the site"]})"}, now, asked_at);
    }

    static std::string field(const net::page_reply& reply, const std::string& name) {
        for (const auto& one : reply.fields)
            if (one.name == name) return one.value;
        return {};
    }

    test::temporary_folder folder_;
    config::service_settings consult_;
    config::service_settings archive_;
    std::vector<proxy::service_site> services_;
};

}  // namespace garde::status
