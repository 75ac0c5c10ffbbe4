// See receipt_commands.hpp.
#include "receipt_commands.hpp"

#include "garde/app/commands.hpp"
#include "garde/emergency/receipt.hpp"
#include "garde/emergency/receipt_proof.hpp"
#include "garde/journal/checkpoint.hpp"

#include "console.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

namespace garde::app {
namespace {

struct receipt_files {
    std::string receipt;
    std::string keys;
    std::string proof;           ///< empty: the signature only
    std::string checkpoint;      ///< empty: the one in the proof
    std::string checkpoint_key;  ///< empty: no checkpoint is looked at
};

/// A published set, or a PEM file.
result<emergency::receipt_keys> read_receipt_keys(const std::string& file) {
    const auto text = read_all(file);
    if (!text) return std::unexpected(text.error());
    if (trimmed(*text).starts_with('{')) return emergency::receipt_keys::parse(*text);
    const std::array<std::filesystem::path, 1> files{file};
    return emergency::receipt_keys::load(files);
}

int cannot(const error& why) {
    complain(why.message);
    return exit_failed;
}

int untrue(const std::string& what) {
    complain(what);
    return exit_untrue;
}

/// That the tree in the proof is that of a checkpoint, one that was kept elsewhere or the one beside the
/// proof.
int compare_with_checkpoint(const receipt_files& with, const emergency::checked_proof& proven) {
    std::string note = proven.checkpoint;
    if (!with.checkpoint.empty()) {
        auto text = read_all(with.checkpoint);
        if (!text) return cannot(text.error());
        note = std::move(*text);
    }
    if (note.empty()) return untrue("the proof has no checkpoint: ask for it again later");
    const auto head = journal::read_checkpoint(note, with.checkpoint_key);
    if (!head) return untrue("the checkpoint proves nothing: " + head.error().message);
    if (*head != proven.proof.in)
        return untrue(
            fmt::format("the checkpoint is of {} records with the root {}, the proof of {} with {}: one of "
                        "them is of another log, or "
                        "they are of different times",
                        head->size, to_hex(head->root), proven.proof.in.size, to_hex(proven.proof.in.root)));
    return exit_ok;
}

int verify_proof(const receipt_files& with, std::string_view receipt) {
    const auto text = read_all(with.proof);
    if (!text) return cannot(text.error());
    const auto proven = emergency::check_proof(*text, receipt);
    if (!proven) return untrue("the proof does not hold: " + proven.error().message);
    if (!with.checkpoint_key.empty())
        if (const int code = compare_with_checkpoint(with, *proven); code != exit_ok) return code;
    fmt::print("in the journal as record {}, of {}; {} records, root {}{}\n", proven->proof.seq, proven->at,
               proven->proof.in.size, to_hex(proven->proof.in.root),
               with.checkpoint_key.empty() ? ", not compared with a checkpoint" : ", as the checkpoint says");
    return exit_ok;
}

int verify_receipt(const receipt_files& with) {
    const auto text = read_all(with.receipt);
    if (!text) return cannot(text.error());
    const auto keys = read_receipt_keys(with.keys);
    if (!keys) return cannot(keys.error());
    const auto claims = emergency::verify_receipt(trimmed(*text), *keys);
    if (!claims) return untrue("the receipt does not hold: " + claims.error().message);
    fmt::print("{}\n", *claims);
    return with.proof.empty() ? exit_ok : verify_proof(with, trimmed(*text));
}

}  // namespace

void add_receipt(CLI::App& cli, int& code) {
    auto* receipt = cli.add_subcommand("receipt", "proofs that a caller asked")->require_subcommand(1);
    auto* verify = receipt->add_subcommand(
        "verify", "check a receipt's signature, and that it is in the journal, and print what it says");
    auto with = std::make_shared<receipt_files>();
    verify->add_option("FILE", with->receipt, "the value of Garde-Receipt; - for standard input")->required();
    verify
        ->add_option(
            "--key", with->keys,
            "what it is verified with: the set that is published at /.well-known/jwks.json of the status "
            "site, or one public key, PEM")
        ->required();
    auto* proof = verify->add_option(
        "--proof", with->proof, "what /.well-known/garde/receipts/ID/proof gave: that it is in the journal");
    auto* key = verify->add_option("--checkpoint-key", with->checkpoint_key,
                                   "what the checkpoint is verified with: NAME+HASH+KEY");
    key->needs(proof);
    verify
        ->add_option("--checkpoint", with->checkpoint,
                     "one that was kept elsewhere, of the proof's size; else the one in the proof")
        ->needs(key);
    verify->callback([&code, with] { code = verify_receipt(*with); });
}

}  // namespace garde::app
