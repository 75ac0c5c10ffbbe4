// One request and its answer: the main path. It admits the request, carries out what attempt_plan decides,
// classifies what comes back, delivers it, or lets the cache and the procedure stand in.
#pragma once

#include "garde/continuity/attempt_plan.hpp"
#include "garde/proxy/session.hpp"
#include "garde/proxy/stand_in.hpp"
#include "garde/upstream/connection.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace garde::proxy {

class exchange {
  public:
    /// For the request whose head the session has read.
    explicit exchange(session& with);
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;
    ~exchange();

    /// Reads the rest of the request and answers it. Says what becomes of the connection.
    net::task<after> run();

    /// Answers with 503, because too much is asked of garde.
    net::task<after> turn_away(shed why);

  private:
    /// A backend's response and what it counts as.
    struct candidate {
        upstream::response_ptr response;
        continuity::backend_index from{};
        continuity::outcome result;
        byte_claim room;  ///< of a second copy, which has some of its own
    };
    struct copy;  // hedged_attempt.cpp
    /// Room for a response's body out of the bytes that all exchanges share.
    class response_room final : public upstream::room {
      public:
        explicit response_room(byte_claim& claim) : claim_(claim), others_(claim.bytes()) {}
        bool reach(std::size_t bytes) override;

      private:
        byte_claim& claim_;
        std::size_t others_;  ///< what the claim held for the request
    };

    // exchange.cpp: the request and the attempts
    net::task<std::optional<after>> receive();
    void join_exercise();
    net::task<std::optional<after>> take_body();
    net::task<candidate> attempt(const continuity::try_backend& order, continuity::errand as);
    [[nodiscard]] continuity::outcome classify(upstream::sent& sent, continuity::history before) const;
    [[nodiscard]] std::size_t wire_bytes() const;
    upstream::wire_request write_out(continuity::backend_index to, std::string& into, upstream::room& room);
    net::task<upstream::sent> send(const continuity::try_backend& order,
                                   const upstream::wire_request& request);
    [[nodiscard]] continuity::attempt_rules rules() const;
    void limit_life(continuity::attempt_plan& plan) const;
    void look_again(continuity::attempt_plan& plan) const;
    void note_failure(const candidate& of, steady_time begun, steady_time ended);
    void keep_own_error(candidate&& failed);

    // hedged_attempt.cpp: the first attempt, and a second one beside it
    net::task<std::optional<candidate>> attempt_hedged(continuity::attempt_plan& plan,
                                                       continuity::attempt_action& action);
    std::optional<continuity::try_backend> plan_second(continuity::attempt_plan& plan, byte_claim& room);
    void see(copy& one);
    void judge(copy& first, copy* second);
    void tell(copy& one);
    candidate choose(copy& first, copy* second);
    continuity::attempt_action give_up(continuity::attempt_plan& plan, copy& first, copy* second);

    // sightings.cpp: what attempts show of their backends
    void note(const upstream::sent& sent, continuity::backend_index backend, std::size_t written,
              steady_time begun);
    void tell(const candidate& of, continuity::errand as, steady_time::duration took);
    void show(const candidate& of, continuity::showed what, continuity::errand as);
    [[nodiscard]] bool is_slow(continuity::backend_index backend, steady_time::duration took) const;
    void tell_outrun(const candidate& of, steady_time::duration took);

    net::task<candidate> try_anyway();

    // answers.cpp: what the caller gets
    net::task<after> answer_with(candidate answered);
    net::task<after> deliver(candidate answer);
    [[nodiscard]] http::response_shape shape_of(http::response_parser& parser) const;
    net::task<after> stream_rest(candidate& answer, http::outgoing_framing framing);
    net::task<after> last_resort();
    net::task<std::optional<cache::found>> ask_cache();
    net::task<stand_in> hand_out_procedure(const emergency::stand_in_policy::choice& chosen,
                                           const caller::identity& who);

    // deferring.cpp: who decides when no backend answers, and requests that are kept to be asked again
    net::task<caller::identity> find_signer(caller::identity known);
    net::task<caller::identity> ask_desk_who_signed();
    [[nodiscard]] emergency::stand_in_policy::choice decide(const std::optional<cache::found>& kept,
                                                            const caller::identity& who) const;
    [[nodiscard]] bool within_limits(const emergency::stand_in_policy::choice& chosen,
                                     const caller::identity& who);
    net::task<std::optional<emergency::kept_request>> defer(const caller::identity& who);
    [[nodiscard]] emergency::deferral_request deferral(const caller::identity& who);
    void add_idempotency_key(std::string& head);
    void follow(const cache::hit& given);
    [[nodiscard]] bool asks_for_deferrals() const;
    net::task<after> answer_deferrals();

    // own_matters.cpp: what callers ask garde itself
    net::task<std::optional<after>> learn_asker(caller::identity& who);
    [[nodiscard]] bool asks_for_proof() const;
    net::task<after> answer_proof();

    // answers.cpp
    net::task<after> refuse(int status, std::string_view what, std::string_view allowed = "POST");
    net::task<after> send_own(stand_in&& answer);
    net::task<net::io_status> write(std::string_view bytes);
    void offer_to_cache(const candidate& answer);
    /// `who` must outlive it.
    [[nodiscard]] stand_in_context context(const caller::identity& who) const;

    /// Counts the request as answered.
    void count(answer_kind by);
    [[nodiscard]] bool head_only() const;
    /// May the connection carry another request, as far as head and state say?
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] const config::limits_settings& limits() const { return epoch_->served->settings().limits; }

    session& session_;
    worker& worker_;
    const epoch_ptr epoch_;  ///< what was served when the request had come
    http::request_parser& request_;
    const http::request_head& head_;
    std::string& body_;
    steady_time arrived_;
    route_match where_;
    const service_site* service_ = nullptr;
    continuity::posture_ptr held_;                          ///< keeps posture_
    const continuity::service_posture* posture_ = nullptr;  ///< as it was when the request arrived
    const continuity::exercise* exercise_ = nullptr;        ///< that the request takes part in; kept by held_
    request_pass pass_;
    byte_claim claim_;
    bool may_use_cache_ = false;
    std::vector<failed_attempt> failed_;  ///< in the order in which they ended
    std::optional<candidate>
        own_error_;  ///< what a backend itself said of its failure: the primary's, else the first
    std::string cache_detail_;
    std::string rule_;  ///< the stand-in rule that decided
    std::optional<emergency::deferral_id>
        key_;  ///< by which the service recognises the request, if that is garde's
};

}  // namespace garde::proxy
