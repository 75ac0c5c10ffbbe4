// One request and its answer: the main path. It carries out what attempt_plan decides, classifies what comes
// back, delivers it, or lets the cache and the procedure stand in.
#pragma once

#include "garde/continuity/attempt_plan.hpp"
#include "garde/proxy/session.hpp"
#include "garde/proxy/stand_in.hpp"
#include "garde/upstream/connection.hpp"

#include <optional>
#include <string>
#include <vector>

namespace garde::proxy {

class exchange {
  public:
    explicit exchange(session& with);
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;
    ~exchange();

    /// Answers the request that the session has read. True when the connection may carry another.
    net::task<bool> run();

    /// Answers it with 503: too much is asked of garde.
    net::task<bool> turn_away();

  private:
    /// A backend's response and what it counts as.
    struct candidate {
        upstream::response_ptr response;
        continuity::backend_index from{};
        continuity::outcome result;
    };

    net::task<bool> refuse(int status, std::string_view what);
    net::task<candidate> attempt(const continuity::try_backend& order);
    [[nodiscard]] continuity::outcome classify(upstream::sent& sent, continuity::history before) const;
    [[nodiscard]] std::string wire_for(continuity::backend_index backend) const;
    [[nodiscard]] continuity::attempt_rules rules() const;
    void limit_life(continuity::attempt_plan& plan) const;
    void keep_own_error(candidate&& failed);

    net::task<bool> deliver(candidate answer);
    net::task<bool> stream_rest(candidate& answer, http::outgoing_framing framing);
    net::task<bool> last_resort();
    net::task<std::optional<cache::found>> ask_cache();
    net::task<bool> send_own(const stand_in& answer);
    void offer_to_cache(const candidate& answer);
    [[nodiscard]] stand_in_context context() const;
    /// Counts the request as answered.
    void count(answer_kind by);
    [[nodiscard]] bool head_only() const;
    [[nodiscard]] bool keep_alive() const;

    session& session_;
    worker& worker_;
    const epoch_ptr epoch_;  ///< what was served when the request had come
    const http::request_head& head_;
    const std::string& body_;
    steady_time arrived_;
    route_match where_;
    const service_site* service_ = nullptr;
    continuity::service_posture posture_;  ///< as it was when the request arrived
    request_pass pass_;
    bool may_use_cache_ = false;
    continuity::reason last_failure_ = continuity::reason::none;
    std::optional<candidate>
        own_error_;  ///< what a backend itself said of its failure: the primary's, else the first
    std::string cache_detail_;
};

}  // namespace garde::proxy
