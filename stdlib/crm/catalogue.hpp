// Which offer has a barcode (api.md 9): an index over store/offers, and a look-up for a barcode that it lacks.
#pragma once

#include "stdlib/crm/account.hpp"

namespace pipewright::crm {

/// A line's `barcode`: a text or a list of them.
std::vector<std::string> barcodes_of(const Value& barcode);

/// After it every barcode is known or known to be missing, or the catalogue is closed (small tariffs: 404, or a key
/// without the right). A failure: the catalogue could not be read for now.
Task<std::optional<Failure>> learn_barcodes(Account& account, std::string site, std::vector<std::string> barcodes,
                                            Calls& calls);

/// The offer of the first barcode that has one.
const Catalogue::Offer* offer_of(const Catalogue& catalogue, const std::vector<std::string>& barcodes);

/// The CRM does not accept this offer: its barcodes are asked for again. False: it was dropped before and the CRM named
/// it again, so that asking once more brings nothing.
bool drop_offer(Catalogue& catalogue, const std::string& id);

}  // namespace pipewright::crm
