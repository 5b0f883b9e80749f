#include "city_lots.h"

#include <array>

#include <fmt/format.h>

namespace midwatch::city_lots {
namespace {

constexpr std::array kStreets = {"UNKNOWN", "BEACH",   "JEFFERSON", "HYDE",     "CHESTNUT", "FULTON",
                                 "MASON",   "JACKSON", "ACADIA",    "BLANKEN",  "DRUMM",    "RHODE",
                                 "LAKE",    "GRIMM",   "LANSING",   "SANTIAGO", "MISSION",  "VALENCIA",
                                 "MARKET",  "IRVING",  "JUDAH",     "KIRKHAM",  "LAWTON",   "MORAGA"};
constexpr std::array kSuffixes = {"ST", "AVE", "BLVD", "WAY", "CT"};

class Numbers {
 public:
  std::uint64_t operator()(std::uint64_t below) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33) % below;
  }

 private:
  std::uint64_t state_ = 20'240'315;
};

std::string lot(Numbers& next) { return fmt::format("{:04}{:03}", next(7000), next(300)); }

Rule rule(std::string name, const char* key, const char* op, Value pattern) {
  Rule out;
  out.pack = "bench";
  out.name = std::move(name);
  out.enabled = true;
  out.trigger = "bench.feature";
  out.trigger_parameters = Value::object({});
  out.action = "core.noop";
  out.criteria.push_back({key, op, std::move(pattern), "", {}});
  return out;
}

constexpr const char* kLot = "trigger.properties.MAPBLKLOT";
constexpr const char* kStreet = "trigger.properties.STREET";
constexpr const char* kBlock = "trigger.properties.BLKLOT";

void add_numeric(std::deque<Rule>& out, std::string name, double low, double high) {
  Rule numeric = rule(std::move(name), "trigger.geometry.firstCoordinates.x#1", "gt", low);
  numeric.criteria.push_back({"trigger.geometry.firstCoordinates.x#2", "lt", high, "", {}});
  out.push_back(std::move(numeric));
}

}  // namespace

std::vector<std::string> events(std::size_t count) {
  Numbers next;
  std::vector<std::string> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string id = lot(next);
    const double x = -122.5 + static_cast<double>(next(100'000'000)) / 1e9;
    const double y = 37.7 + static_cast<double>(next(100'000'000)) / 1e9;
    std::string text = fmt::format(
        R"({{"type":"Feature","properties":{{"MAPBLKLOT":"{}","BLKLOT":"{}","BLOCK_NUM":"{}","LOT_NUM":"{}",)"
        R"("FROM_ST":"{}","TO_ST":"{}","STREET":"{}","ST_TYPE":"{}","ODD_EVEN":"{}"}},)"
        R"("geometry":{{"type":"Polygon","firstCoordinates":{{"x":{:.15f},"y":{:.15f},"z":0.0}},"coordinates":[[)",
        id, id, id.substr(0, 4), id.substr(4), next(3000), next(3000), kStreets[next(kStreets.size())],
        kSuffixes[next(kSuffixes.size())], next(2) == 0 ? "E" : "O", x, y);
    for (int point = 0; text.size() < 850; ++point) {
      text += fmt::format("{}[{:.15f},{:.15f},0.0]", point == 0 ? "" : ",", x + point * 1e-5, y + point * 1e-5);
    }
    out.push_back(text + "]]}}");
  }
  return out;
}

std::deque<Rule> published_rules() {
  std::deque<Rule> out;
  for (const char* lot : {"1430022", "2607117", "2607218", "3745012", "VACSTWIL"})
    out.push_back(rule(fmt::format("exact-{}", lot), kLot, "eq", lot));
  for (const char* text : {"AC", "BL", "DR", "FU", "RH"})
    out.push_back(rule(fmt::format("prefix-{}", text), kStreet, "startswith", text));
  for (const char* text : {"ON", "KE", "MM", "ING", "GO"})
    out.push_back(rule(fmt::format("suffix-{}", text), kStreet, "endswith", text));
  for (const char* text : {"jefferson", "bEaCh", "HyDe", "CHESTNUT", "ST"})
    out.push_back(rule(fmt::format("ignoring-{}", text), kStreet, "iequals", text));
  int number = 0;
  for (const char* text : {"143*", "2*0*1*7", "*218", "3*5*2", "VA*IL"})
    out.push_back(rule(fmt::format("wildcard-{}", number++), kLot, "matchwildcard", text));
  for (int i = 0; i < 5; ++i) add_numeric(out, fmt::format("numeric-{}", i), -122.49 + i * 0.02, -122.4899 + i * 0.02);
  for (const char* text : {"FULTON", "MASON", "JACKSON", "BEACH", "HYDE"})
    out.push_back(rule(fmt::format("but-{}", text), kStreet, "neq", text));
  return out;
}

std::deque<Rule> rules(std::size_t count) {
  std::deque<Rule> out = published_rules();
  Numbers next;
  for (std::size_t i = out.size(); i < count; ++i) {
    const std::string name = fmt::format("more-{}", i);
    const std::string own = fmt::format("{}{:06}", static_cast<char>('A' + next(26)), i);
    switch (i % 6) {
      case 0: out.push_back(rule(name, kLot, "eq", own)); break;
      case 1: out.push_back(rule(name, kStreet, "startswith", own)); break;
      case 2: out.push_back(rule(name, kStreet, "endswith", own)); break;
      case 3: out.push_back(rule(name, kStreet, "iequals", "x" + own)); break;
      case 4: out.push_back(rule(name, kBlock, "matchwildcard", own + "*7")); break;
      default: {
        const double low = -122.5 + static_cast<double>(next(100'000'000)) / 1e9;
        add_numeric(out, name, low, low + 1e-7);
      }
    }
  }
  return out;
}

}  // namespace midwatch::city_lots
