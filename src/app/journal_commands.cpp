// See journal_commands.hpp.
#include "journal_commands.hpp"

#include "garde/app/commands.hpp"
#include "garde/journal/checkpoint.hpp"
#include "garde/journal/reading.hpp"

#include "console.hpp"
#include "journal_texts.hpp"
#include "note_keys.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::app {
namespace {

/// What all of them need.
struct place {
    std::string folder;
    std::string names_key;
    bool as_json = false;
};
using place_ptr = std::shared_ptr<place>;

int failed(const error& why) {
    complain(why.message);
    return exit_failed;
}

/// A checkpoint from elsewhere, and what it is verified with.
struct witness {
    std::string file;
    std::string key;
};

int verify(const place& at, const witness& by) {
    journal::verify_options options{.checkpoint = {}, .names_key = at.names_key};
    if (!by.file.empty()) {
        const auto note = read_all(by.file);
        if (!note) return failed(note.error());
        auto head = journal::read_checkpoint(*note, by.key);
        if (!head) {
            complain(fmt::format("{} proves nothing: {}", by.file, head.error().message));
            return exit_untrue;
        }
        options.checkpoint = *head;
    }
    const auto verified = journal::verify(at.folder, options);
    if (!verified) return failed(verified.error());
    fmt::print("{}", at.as_json ? verification_json(*verified) + "\n" : verification_text(*verified));
    return verified->problems.empty() ? exit_ok : exit_untrue;
}

template <class Proof>
int print_proof(const result<Proof>& proof) {
    if (!proof) return failed(proof.error());
    fmt::print("{}\n", proof_json(*proof));
    return exit_ok;
}

/// Calls `use` with each durable record from one on, until it has seen all that are there now.
int read_all_from(const place& at, std::uint64_t from,
                  const std::function<void(const journal::shown_record&)>& use) {
    journal::record_reader reader(at.folder, at.names_key, from);
    for (auto next = reader.next();; next = reader.next()) {
        if (!next) return failed(next.error());
        if (!*next) return exit_ok;
        use(**next);
    }
}

struct selection {
    std::uint64_t from = 1;
    std::uint64_t last = 0;  ///< 0: all
    std::string event;
};

int show(const place& at, const selection& what) {
    auto from = what.from;
    if (what.last > 0 && what.event.empty()) {
        const auto size = journal::record_reader(at.folder, at.names_key, 1).size();
        if (!size) return failed(size.error());
        if (*size > what.last) from = std::max(from, *size - what.last + 1);
    }
    const auto print = [&](const std::string& line) { fmt::print("{}\n", line); };
    const auto text_of = [&](const journal::shown_record& one) {
        return at.as_json ? record_json(one) : record_text(one);
    };
    std::deque<std::string> held;
    const int code = read_all_from(at, from, [&](const journal::shown_record& one) {
        if (!what.event.empty() && one.event != what.event) return;
        if (what.last == 0) return print(text_of(one));
        if (held.size() == what.last) held.pop_front();
        held.push_back(text_of(one));
    });
    for (const auto& line : held) print(line);
    return code;
}

int export_all(const place& at, std::uint64_t from, const std::string& format) {
    const bool csv = format == "csv";
    if (csv) fmt::print("{}\r\n", record_csv_head());
    return read_all_from(at, from, [csv](const journal::shown_record& one) {
        if (csv)
            fmt::print("{}\r\n", record_csv(one));
        else
            fmt::print("{}\n", record_json(one));
    });
}

/// Looks for more so often; SIGINT and SIGTERM end the wait at once.
int follow(const place& at, std::optional<std::uint64_t> from) {
    sigset_t ends{};
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &ends, nullptr);
    if (!from) {
        const auto size = journal::record_reader(at.folder, at.names_key, 1).size();
        if (!size) return failed(size.error());
        from = *size + 1;
    }
    journal::record_reader reader(at.folder, at.names_key, *from);
    constexpr timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
    for (;;) {
        const auto next = reader.next();
        if (!next) return failed(next.error());
        if (*next) {
            fmt::print("{}\n", at.as_json ? record_json(**next) : record_text(**next));
            continue;
        }
        std::fflush(stdout);
        if (std::ferror(stdout) != 0) return exit_failed;
        if (::sigtimedwait(&ends, nullptr, &pause) > 0) return exit_ok;
    }
}

CLI::App* add_command(CLI::App& to, const place_ptr& at, const char* name, const char* what) {
    auto* command = to.add_subcommand(name, what);
    command->add_option("--folder", at->folder, "the journal's folder: DATA_DIR/journal")->required();
    return command;
}

void add_names_key(CLI::App* to, const place_ptr& at) {
    to->add_option(
        "--names-key", at->names_key,
        "the key of personal values, where [journal] names_key names one; else names.key in the folder");
}

void add_prove(CLI::App& to, const place_ptr& at, int& code) {
    struct wanted {
        std::optional<std::uint64_t> seq;
        std::optional<std::uint64_t> size;
        std::vector<std::uint64_t> sizes;
    };
    auto what = std::make_shared<wanted>();
    auto* prove =
        add_command(to, at, "prove", "print a proof (RFC 9162) that a record is in the log, as JSON");
    auto* seq = prove->add_option("SEQ", what->seq, "the record's number");
    prove->add_option("--size", what->size, "in the log of that many records; else of all there are")
        ->needs(seq);
    auto* sizes = prove->add_option("--consistency", what->sizes,
                                    "M N: prove that the log of N records begins with that of M");
    sizes->expected(2)->excludes(seq);
    prove->callback([&code, at, what] {
        if (what->seq)
            code = print_proof(journal::prove(at->folder, *what->seq, what->size));
        else if (what->sizes.size() == 2)
            code = print_proof(journal::prove_consistency(at->folder, what->sizes[0], what->sizes[1]));
        else
            throw CLI::RequiredError("SEQ or --consistency M N");
    });
}

void add_readers(CLI::App& to, const place_ptr& at, int& code) {
    auto what = std::make_shared<selection>();
    auto* shown = add_command(to, at, "show", "print records, the newest last");
    add_names_key(shown, at);
    shown->add_option("--last", what->last, "only so many")->check(CLI::PositiveNumber);
    shown->add_option("--event", what->event, "only of this event");
    shown->add_option("--from", what->from, "from this number on");
    shown->add_flag("--json", at->as_json, "print JSON lines");
    shown->callback([&code, at, what] { code = show(*at, *what); });

    auto format = std::make_shared<std::string>("json");
    auto* exported = add_command(to, at, "export", "print all records for other programs");
    add_names_key(exported, at);
    exported->add_option("--format", *format, "json (lines) or csv")->check(CLI::IsMember({"json", "csv"}));
    exported->add_option("--from", what->from, "from this number on");
    exported->callback([&code, at, what, format] { code = export_all(*at, what->from, *format); });

    auto from = std::make_shared<std::optional<std::uint64_t>>();
    auto* followed =
        add_command(to, at, "follow", "print new records as they become durable, until SIGINT or SIGTERM");
    add_names_key(followed, at);
    followed->add_option("--from", *from, "from this number on; else from the next one");
    followed->add_flag("--json", at->as_json, "print JSON lines");
    followed->callback([&code, at, from] { code = follow(*at, *from); });
}

int print_key(const result<std::string>& verifier) {
    if (!verifier) {
        complain(verifier.error().message);
        return exit_failed;
    }
    fmt::print("{}\n", *verifier);
    return exit_ok;
}

void add_note_keys(CLI::App& journal, int& code) {
    constexpr auto name_help = "the checkpoints' origin, as in the configuration: e.g. garde-1/journal";
    auto file = std::make_shared<std::string>();
    auto name = std::make_shared<std::string>();
    auto* make =
        journal.add_subcommand("key", "make a key for checkpoints, and print what they are verified with");
    make->add_option("FILE", *file, "where to write it; must not exist")->required();
    make->add_option("--name", *name, name_help)->required();
    make->callback([&code, file, name] { code = print_key(make_note_key_file(*file, *name)); });

    auto* verifier = journal.add_subcommand("verifier", "print what a key's checkpoints are verified with");
    verifier->add_option("--key", *file, "the key, PEM")->required();
    verifier->add_option("--name", *name, name_help)->required();
    verifier->callback([&code, file, name] { code = print_key(read_verifier_key(*file, *name)); });
}

}  // namespace

void add_journal(CLI::App& cli, int& code) {
    auto* journal =
        cli.add_subcommand("journal", "the log of switchovers and operators' acts")->require_subcommand(1);
    const auto at = std::make_shared<place>();
    auto* verified =
        add_command(*journal, at, "verify", "find edited, deleted, inserted, swapped and truncated lines");
    add_names_key(verified, at);
    verified->add_flag("--json", at->as_json, "print JSON");
    const auto by = std::make_shared<witness>();
    auto* key = verified->add_option("--key", by->key, "what the checkpoint is verified with: NAME+HASH+KEY");
    verified->add_option("--checkpoint", by->file, "a checkpoint that was kept elsewhere")->needs(key);
    verified->callback([&code, at, by] { code = verify(*at, *by); });
    add_note_keys(*journal, code);
    add_prove(*journal, at, code);
    add_readers(*journal, at, code);
}

}  // namespace garde::app
