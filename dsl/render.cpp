#include "dsl/render.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace pipewright::dsl {
namespace {

struct Colors {
  const char* error = "";
  const char* warning = "";
  const char* help = "";
  const char* dim = "";
  const char* bold = "";
  const char* off = "";
};

constexpr Colors terminal{"\033[1;31m", "\033[1;33m", "\033[1;32m", "\033[34m", "\033[1m", "\033[0m"};

std::string expanded(std::string_view line) {
  std::string out;
  for (const char c : line) out += c == '\t' ? std::string(" ") : std::string(1, c);
  return out;
}

/// A line of the source with the part of a span that lies on it, in columns.
struct Line {
  std::string text;
  std::size_t from = 0;   ///< before what is underlined
  std::size_t width = 1;  ///< of it
};

Line line_of(const Source& source, Span span, std::size_t number) {
  const std::string_view line = source.line(number);
  const auto offset = static_cast<std::size_t>(line.data() - source.text().data());
  const std::size_t begin = std::clamp<std::size_t>(span.begin, offset, offset + line.size()) - offset;
  const std::size_t end = std::clamp<std::size_t>(span.end, offset + begin, offset + line.size()) - offset;
  return {expanded(line), display_width(expanded(line.substr(0, begin))),
          std::max<std::size_t>(1, display_width(expanded(line.substr(begin, end - begin))))};
}

// The columns `from` to `from + count` of a text; a letter that does not fit is left out.
std::string columns(const std::string& text, std::size_t from, std::size_t count) {
  std::string made;
  std::size_t at = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    const std::string letter = text.substr(begin, end - begin);
    const std::size_t width = display_width(letter);
    if (at >= from && at + width <= from + count) made += letter;
    at += width;
    begin = end;
  }
  return made;
}

// Cut to `room` columns around what is underlined.
Line fitted(Line line, std::size_t room) {
  const std::size_t whole = display_width(line.text);
  if (whole <= room || room < 20) return line;
  const std::size_t inside = room - 2;  // beside the signs of what was cut
  const std::size_t shown = std::min(line.width, inside);
  std::size_t from = line.from > inside / 3 ? line.from - inside / 3 : 0;
  from = std::min({from, line.from, whole - std::min(whole, inside)});
  if (line.from + shown > from + inside) from = line.from + shown - inside;
  const bool before = from > 0;
  const bool behind = from + inside < whole;
  Line made;
  made.text = (before ? "…" : "") + columns(line.text, from, inside) + (behind ? "…" : "");
  made.from = line.from - from + (before ? 1 : 0);
  made.width = shown;
  return made;
}

class Drawing {
 public:
  Drawing(const Diagnostic& diagnostic, const Sources& sources, const Colors& colors, std::size_t screen)
      : diagnostic_(diagnostic), sources_(sources), colors_(colors), screen_(screen) {}

  std::string text() {
    const bool error = diagnostic_.code->severity == Severity::error;
    out_ += fmt::format("{}{}[{}]{}: {}{}{}\n", error ? colors_.error : colors_.warning, error ? "error" : "warning",
                        diagnostic_.code->text(), colors_.off, colors_.bold, diagnostic_.message, colors_.off);
    width_ = fmt::format("{}", source(diagnostic_.source).position(diagnostic_.span.begin).line).size();
    for (const Label& label : diagnostic_.labels) {
      width_ = std::max(width_, fmt::format("{}", source(label.source).position(label.span.begin).line).size());
    }
    place(diagnostic_.source, diagnostic_.span, "-->");
    bar();
    snippet(diagnostic_.source, diagnostic_.span, '^', diagnostic_.note);
    for (const Label& label : diagnostic_.labels) {
      place(label.source, label.span, ":::");
      bar();
      snippet(label.source, label.span, '-', label.text);
    }
    if (!diagnostic_.remarks.empty()) bar();
    for (const std::string& remark : diagnostic_.remarks)
      out_ += fmt::format("{} {}={} {}\n", std::string(width_ + 1, ' '), colors_.dim, colors_.off, remark);
    if (diagnostic_.help) {
      bar();
      out_ += fmt::format("{}help{}: {}\n", colors_.help, colors_.off, *diagnostic_.help);
    }
    return out_;
  }

 private:
  const Source& source(SourceId id) const { return *sources_[id]; }

  void bar() { out_ += fmt::format("{} {}|{}\n", std::string(width_ + 1, ' '), colors_.dim, colors_.off); }

  void place(SourceId id, Span span, const char* arrow) {
    const Position position = source(id).position(span.begin);
    out_ += fmt::format("{} {}{}{} {}:{}:{}\n", std::string(width_, ' '), colors_.dim, arrow, colors_.off,
                        source(id).name(), position.line, position.column);
  }

  void snippet(SourceId id, Span span, char mark, const std::string& note) {
    const std::size_t number = source(id).position(span.begin).line;
    Line line = line_of(source(id), span, number);
    if (screen_ > width_ + 4) line = fitted(std::move(line), screen_ - width_ - 4);
    out_ += fmt::format(" {}{:>{}} |{} {}\n", colors_.dim, number, width_, colors_.off, line.text);
    const char* color = diagnostic_.code->severity == Severity::error ? colors_.error : colors_.warning;
    out_ += fmt::format("{} {}|{} {}{}{}{}{}\n", std::string(width_ + 1, ' '), colors_.dim, colors_.off, color,
                        std::string(line.from, ' ') + std::string(line.width, mark), note.empty() ? "" : " ", note,
                        colors_.off);
  }

  const Diagnostic& diagnostic_;
  const Sources& sources_;
  const Colors& colors_;
  const std::size_t screen_;
  std::size_t width_ = 1;
  std::string out_;
};

void quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

std::string json_text(std::string_view text) {
  std::string out;
  quoted(out, text);
  return out;
}

// ---- SARIF ----

// A path as a URI reference: relative to where the command was called, as it was named there.
std::string uri_of(const std::string& path) {
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte < 0x80 && (std::isalnum(byte) != 0 || std::string_view("-._~/!$&'()*+,;=@").contains(c));
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

// Columns in UTF-16 units, which readers of SARIF take when they do not ask.
std::size_t utf16_column(const Source& source, std::uint32_t offset) {
  const std::string_view line = source.line(source.position(offset).line);
  const auto begin = static_cast<std::size_t>(line.data() - source.text().data());
  std::size_t units = 1;
  for (std::size_t i = begin; i < offset && i < source.text().size(); ++i) {
    const auto byte = static_cast<unsigned char>(source.text()[i]);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

std::string sarif_region(const Source& source, Span span) {
  return fmt::format(R"({{"startLine":{},"startColumn":{},"endLine":{},"endColumn":{}}})",
                     source.position(span.begin).line, utf16_column(source, span.begin), source.position(span.end).line,
                     utf16_column(source, span.end));
}

std::string sarif_place(const Source& source, Span span) {
  return fmt::format(R"("physicalLocation":{{"artifactLocation":{{"uri":{}}},"region":{}}})",
                     json_text(uri_of(source.name())), sarif_region(source, span));
}

std::string sarif_result(const Diagnostic& each, std::size_t rule, const Sources& sources) {
  const Source& source = *sources[each.source];
  std::string text = each.message;
  if (!each.note.empty()) text += ": " + each.note;
  for (const std::string& remark : each.remarks) text += "\n" + remark;
  if (each.help) text += "\nhelp: " + *each.help;
  std::string out =
      fmt::format(R"({{"ruleId":"{}","ruleIndex":{},"level":"{}","message":{{"text":{}}},)", each.code->text(), rule,
                  each.code->severity == Severity::error ? "error" : "warning", json_text(text));
  out += fmt::format(R"("locations":[{{{}}}])", sarif_place(source, each.span));
  for (std::size_t i = 0; i < each.labels.size(); ++i) {
    const Label& label = each.labels[i];
    out += fmt::format(R"({}{{"id":{},{},"message":{{"text":{}}}}})", i == 0 ? ",\"relatedLocations\":[" : ",", i + 1,
                       sarif_place(*sources[label.source], label.span), json_text(label.text));
  }
  if (!each.labels.empty()) out += "]";
  if (each.edit) {
    out +=
        fmt::format(R"(,"fixes":[{{"description":{{"text":{}}},"artifactChanges":[{{"artifactLocation":{{"uri":{}}},)"
                    R"("replacements":[{{"deletedRegion":{},"insertedContent":{{"text":{}}}}}]}}]}}])",
                    json_text(each.help.value_or(each.message)), json_text(uri_of(source.name())),
                    sarif_region(source, each.edit->span), json_text(each.edit->text));
  }
  return out + "}";
}

// The title without its mark, and the first paragraph below it.
std::string first_paragraph(const std::string& page) {
  const std::size_t begin = page.find("\n\n");
  if (begin == std::string::npos) return page;
  std::string text = page.substr(begin + 2, page.find("\n\n", begin + 2) - begin - 2);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string sarif_rule(const Code& code, const std::string& page) {
  return fmt::format(R"({{"id":"{}","shortDescription":{{"text":{}}},"fullDescription":{{"text":{}}},)"
                     R"("help":{{"text":{},"markdown":{}}},"defaultConfiguration":{{"level":"{}"}}}})",
                     code.text(), json_text(code.title), json_text(page.empty() ? code.title : first_paragraph(page)),
                     json_text(page.empty() ? code.title : page), json_text(page.empty() ? code.title : page),
                     code.severity == Severity::error ? "error" : "warning");
}

// ---- GitHub ----

std::string github_escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

std::string render_text(const Diagnostics& diagnostics, const Sources& sources, bool color, std::size_t width) {
  const Colors colors = color ? terminal : Colors{};
  std::string out;
  for (const Diagnostic& each : diagnostics) {
    if (!out.empty()) out += "\n";
    out += Drawing(each, sources, colors, width).text();
  }
  return out;
}

std::string render_json(const Diagnostics& diagnostics, const Sources& sources, std::size_t files,
                        std::size_t pipelines) {
  std::string out = "{\"diagnostics\":[";
  bool first = true;
  for (const Diagnostic& each : diagnostics) {
    const Source& source = *sources[each.source];
    const Position begin = source.position(each.span.begin);
    const Position end = source.position(each.span.end);
    if (!first) out += ",";
    first = false;
    out += fmt::format("{{\"code\":\"{}\",\"severity\":\"{}\",\"message\":", each.code->text(),
                       each.code->severity == Severity::error ? "error" : "warning");
    quoted(out, each.message);
    out += ",\"file\":";
    quoted(out, source.name());
    out += fmt::format(",\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{}", begin.line, begin.column,
                       end.line, end.column);
    if (each.help) {
      out += ",\"help\":";
      quoted(out, *each.help);
    }
    out += "}";
  }
  return out + fmt::format("],\"files\":{},\"pipelines\":{}}}", files, pipelines);
}

std::string render_sarif(const Diagnostics& diagnostics, const Sources& sources, const std::string& version,
                         const std::function<std::string(const Code&)>& page) {
  std::vector<const Code*> rules;
  std::string results;
  for (const Diagnostic& each : diagnostics) {
    auto rule = std::find(rules.begin(), rules.end(), each.code);
    if (rule == rules.end()) rule = rules.insert(rules.end(), each.code);
    results +=
        (results.empty() ? "\n" : ",\n") + sarif_result(each, static_cast<std::size_t>(rule - rules.begin()), sources);
  }
  std::string described;
  for (const Code* rule : rules) described += (described.empty() ? "\n" : ",\n") + sarif_rule(*rule, page(*rule));
  return fmt::format(
      R"({{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{{)"
      R"("tool":{{"driver":{{"name":"pipewright","version":{},"rules":[{}]}}}},"columnKind":"utf16CodeUnits",)"
      R"("results":[{}]}}]}})",
      json_text(version), described, results);
}

std::string render_github(const Diagnostics& diagnostics, const Sources& sources) {
  std::string out;
  for (const Diagnostic& each : diagnostics) {
    const Source& source = *sources[each.source];
    const Position begin = source.position(each.span.begin);
    const Position end = source.position(each.span.end);
    std::string text = each.message;
    if (!each.note.empty()) text += ": " + each.note;
    if (each.help) text += "\nhelp: " + *each.help;
    out +=
        fmt::format("::{} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
                    each.code->severity == Severity::error ? "error" : "warning", github_escaped(source.name(), true),
                    begin.line, begin.column, end.line, end.column, each.code->text(), github_escaped(text, false));
  }
  return out;
}

std::string count_text(const Diagnostics& diagnostics, std::size_t files) {
  const auto errors =
      static_cast<std::size_t>(std::count_if(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& each) {
        return each.code->severity == Severity::error;
      }));
  const std::size_t warnings = diagnostics.size() - errors;
  std::string what;
  if (errors > 0) what = counted(errors, "error", "errors");
  if (warnings > 0) what += (what.empty() ? "" : ", ") + counted(warnings, "warning", "warnings");
  return fmt::format("{} in {}", what, counted(files, "file", "files"));
}

}  // namespace pipewright::dsl
