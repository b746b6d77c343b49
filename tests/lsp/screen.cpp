#include "tests/lsp/screen.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/lsp/client.hpp"

namespace pipewright::test {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool is_header(const std::string& line) { return line.starts_with("--- "); }

class Screen {
 public:
  Screen(const std::string& name, const std::string& text) : name_(name) {
    client_.begin();
    client_.open(name_, text);
    diagnostics_ = client_.published(name_)["diagnostics"];
    if (text.find('|') != std::string::npos) here_ = client_.here(name_);
  }

  Lines shown(const std::string& what) {
    std::istringstream words(what);
    std::string word;
    std::string rest;
    words >> word >> std::ws;
    std::getline(words, rest);
    if (word == "told") return told();
    if (word == "hints") return hints();
    if (word == "formatted")
      return lines_of(applied(client_.text(name_), client_.request("textDocument/formatting", document())));
    if (here_.is_null()) return {"(this needs a cursor: |)"};
    if (word == "offered") return offered(rest);
    if (word == "hover") return hover();
    if (word == "defined") return defined();
    if (word == "mends") return mends();
    if (word == "after") return after(rest);
    if (word == "renamed") return renamed(rest);
    return {"(nobody knows what `" + word + "` shows)"};
  }

 private:
  [[nodiscard]] Json document() const { return {{"textDocument", {{"uri", client_.uri(name_)}}}}; }

  Json actions() {
    Json params = document();
    params["range"] = {{"start", here_["position"]}, {"end", here_["position"]}};
    params["context"] = {{"diagnostics", Json::array()}};
    return client_.request("textDocument/codeAction", params);
  }

  // As editors do it: in the server's order, of what begins with what stands there already.
  Lines offered(const std::string& limit) {
    Json items = client_.request("textDocument/completion", here_)["items"];
    std::stable_sort(items.begin(), items.end(), [](const Json& a, const Json& b) {
      return a["sortText"].get<std::string>() < b["sortText"].get<std::string>();
    });
    const std::string line =
        lines_of(client_.text(name_) + "\n").at(here_["position"]["line"].get<std::size_t>());  // of ASCII alone
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Json& item : items) {
      const std::size_t from = item["textEdit"]["range"]["start"]["character"];
      const std::string there = line.substr(from, here_["position"]["character"].get<std::size_t>() - from);
      const std::string label = item["label"];
      if (label.starts_with(there)) rows.emplace_back(label, item.value("detail", ""));
    }
    std::size_t most = rows.size();
    if (limit.starts_with("first ")) most = std::min<std::size_t>(most, std::stoul(limit.substr(6)));
    std::size_t width = 0;
    for (std::size_t i = 0; i < most; ++i) width = std::max(width, rows[i].first.size());
    Lines lines;
    for (std::size_t i = 0; i < most; ++i) {
      const auto& [label, detail] = rows[i];
      lines.push_back(detail.empty() ? label : label + std::string(width - label.size() + 3, ' ') + detail);
    }
    if (most < rows.size()) lines.push_back("… and " + std::to_string(rows.size() - most) + " more");
    return lines;
  }

  Lines told() {
    Lines lines;
    for (const Json& each : diagnostics_) {
      const auto line = each["range"]["start"]["line"].get<int>() + 1;
      const std::string kind = each["severity"] == 1 ? "error" : "warning";
      Lines message = lines_of(each["message"]);
      lines.push_back("line " + std::to_string(line) + ", " + kind + " " + each["code"].get<std::string>() + ": " +
                      message.front());
      for (const Json& other : each.value("relatedInformation", Json::array())) {
        lines.push_back("  line " + std::to_string(other["location"]["range"]["start"]["line"].get<int>() + 1) + ": " +
                        other["message"].get<std::string>());
      }
      for (std::size_t i = 1; i < message.size(); ++i) lines.push_back("  " + message[i]);
    }
    if (lines.empty()) lines.emplace_back("nothing");
    return lines;
  }

  // Without the signs of Markdown that an editor does not show.
  Lines hover() {
    const Json answer = client_.request("textDocument/hover", here_);
    Lines lines;
    if (answer.is_null()) return lines;
    for (const std::string& line : lines_of(answer["contents"]["value"])) {
      if (line.starts_with("```")) continue;
      lines.push_back(line);
      std::erase(lines.back(), '*');
    }
    return lines;
  }

  Lines defined() {
    const Json place = client_.request("textDocument/definition", here_);
    if (place.is_null()) return {};
    const std::string path = place["uri"].get<std::string>().substr(7);
    const auto line = place["range"]["start"]["line"].get<std::size_t>();
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const Lines lines = lines_of(path == client_.path(name_) ? client_.text(name_) : text.str());
    const std::size_t folder = path.find("stdlib/");
    return {(folder == std::string::npos ? name_ : path.substr(folder)) + ", line " + std::to_string(line + 1) + ": " +
            lines.at(line)};
  }

  Lines mends() {
    Lines titles;
    for (const Json& each : actions()) titles.push_back(each["title"]);
    if (titles.empty()) titles.emplace_back("none");
    return titles;
  }

  Lines after(const std::string& title) {
    for (const Json& each : actions()) {
      if (each["title"] == title)
        return lines_of(applied(client_.text(name_), each["edit"]["changes"][client_.uri(name_)]));
    }
    return {"(nothing is offered with this title)"};
  }

  Lines renamed(const std::string& name) {
    Json params = here_;
    params["newName"] = name;
    const Json answer = client_.answer("textDocument/rename", params);
    if (answer.contains("error")) return {answer["error"]["message"]};
    return lines_of(applied(client_.text(name_), answer["result"]["changes"][client_.uri(name_)]));
  }

  Lines hints() {
    Json params = document();
    params["range"] = {{"start", {{"line", 0}, {"character", 0}}}, {"end", {{"line", 9999}, {"character", 0}}}};
    Json edits = Json::array();
    for (const Json& each : client_.request("textDocument/inlayHint", params)) {
      edits.push_back({{"range", {{"start", each["position"]}, {"end", each["position"]}}},
                       {"newText", " " + each["label"].get<std::string>()}});
    }
    return lines_of(applied(client_.text(name_), edits));
  }

  std::string name_;
  Client client_;
  Json diagnostics_;
  Json here_;
};

std::string text_of(const Lines& block) {
  std::string text;
  for (const std::string& line : block) {
    if (is_header(line)) break;
    text += line + "\n";
  }
  // The file ends where the cursor is, as it does while somebody types.
  if (text.ends_with("|\n")) text.pop_back();
  return text;
}

}  // namespace

std::string typed(const Lines& block) {
  std::string text = text_of(block);
  if (const std::size_t at = text.find('|'); at != std::string::npos) text.erase(at, 1);
  return text;
}

std::vector<std::string> screen(const std::string& name, const Lines& block) {
  Lines made;
  Screen shows(name, text_of(block));
  const auto first = std::find_if(block.begin(), block.end(), is_header);
  made.assign(block.begin(), first);
  for (auto at = first; at != block.end(); ++at) {
    if (!is_header(*at)) continue;
    made.push_back(*at);
    for (const std::string& line : shows.shown(at->substr(4))) made.push_back(line);
  }
  return made;
}

}  // namespace pipewright::test
