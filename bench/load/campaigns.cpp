// The four ways of putting load on a server: see campaign.hpp.
#include "campaign.hpp"

#include <utility>

namespace load {
namespace {

class closed_loop final : public campaign {
  public:
    closed_loop(const target& to, std::size_t clients) : campaign(to, clients) {}

  private:
    void start(steady_time now, nanoseconds length) override { end_ = now + length; }

    bool begin(steady_time now) override {
        if (now >= end_) return false;
        reopen(now);
        for (client* one : std::exchange(waiting_, {})) ask(*one, now);
        return true;
    }

    [[nodiscard]] steady_time next_due() const override { return end_; }

    steady_time end_{};
};

class handshakes final : public campaign {
  public:
    handshakes(const target& to, std::size_t clients) : campaign(to, clients) {}

  private:
    void start(steady_time now, nanoseconds length) override { end_ = now + length; }

    bool begin(steady_time now) override {
        for (client* one : std::exchange(waiting_, {})) {
            one->close();
            closed_.push_back(one);
        }
        if (now >= end_) return false;
        reopen(now);
        return true;
    }

    [[nodiscard]] steady_time next_due() const override { return end_; }

    void opened(client& which) override {
        campaign::opened(which);
        waiting_.pop_back();
        ask(which, which.intended());
    }

    steady_time end_{};
};

class hold final : public campaign {
  public:
    hold(const target& to, std::size_t clients) : campaign(to, clients), wanted_(clients) {}

  private:
    static constexpr std::size_t at_once = 8;

    void start(steady_time now, nanoseconds length) override { end_ = now + length; }

    bool begin(steady_time now) override {
        if (now >= end_) return false;
        while (under_way() < at_once && !closed_.empty()) {
            client* one = closed_.back();
            closed_.pop_back();
            open(*one, now);
        }
        return waiting_.size() < wanted_;
    }

    [[nodiscard]] steady_time next_due() const override { return end_; }

    void opened(client& which) override {
        campaign::opened(which);
        waiting_.pop_back();
        ask(which, which.intended());
    }

    std::size_t wanted_;
    steady_time end_{};
};

}  // namespace

void fixed_rate::start(steady_time now, nanoseconds length) {
    started_ = now;
    begun_ = 0;
    total_ = rate_.due_before(length);
}

bool fixed_rate::begin(steady_time now) {
    reopen(now);
    while (begun_ < total_ && !waiting_.empty() && due() <= now) {
        client* one = waiting_.front();  // the one that has waited longest: all stay in use
        waiting_.erase(waiting_.begin());
        const steady_time intended = due();
        ++begun_;
        ask(*one, intended);
    }
    return begun_ < total_;
}

steady_time fixed_rate::next_due() const {
    return waiting_.empty() ? steady_time::max() : due();
}

std::vector<steady_time> fixed_rate::left_undone(steady_time now) const {
    std::vector<steady_time> out;
    for (auto index = begun_; index < total_ && started_ + rate_.due(index) < now; ++index)
        out.push_back(started_ + rate_.due(index));
    return out;
}

std::unique_ptr<campaign> make_closed_loop(const target& to, std::size_t clients) {
    return std::make_unique<closed_loop>(to, clients);
}

std::unique_ptr<campaign> make_handshakes(const target& to, std::size_t clients) {
    return std::make_unique<handshakes>(to, clients);
}

std::unique_ptr<campaign> make_hold(const target& to, std::size_t clients) {
    return std::make_unique<hold>(to, clients);
}

}  // namespace load
