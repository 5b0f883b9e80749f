#include "detect/detector.h"

#include <algorithm>
#include <utility>

namespace midwatch {

std::string_view to_string(AnomalyState state) {
  switch (state) {
    case AnomalyState::kNormal: return "normal";
    case AnomalyState::kPending: return "pending";
    case AnomalyState::kFiring: return "firing";
    case AnomalyState::kNoData: return "no_data";
  }
  std::unreachable();
}

bool DetectorMachine::enter(AnomalyState state, Instant since) {
  const bool changed = state_ != state;
  state_ = state;
  since_ = since;
  clear_since_.reset();
  return changed;
}

// state \ zone | breach                          | hold            | clear, unknown
// normal       | pending; firing without a "for" | stays           | stays
// pending      | firing once it lasted           | normal          | normal
// firing       | stays                           | stays           | normal once it lasted
// no data      | as from normal                  | normal          | normal
bool DetectorMachine::step(Instant at, Zone zone) {
  if (!started_) {
    started_ = true;
    since_ = at;
  }
  const bool breach = zone == Zone::kBreach;
  if (state_ == AnomalyState::kFiring) {
    if (breach || zone == Zone::kHold) {
      clear_since_.reset();
      return false;
    }
    if (!clear_since_) clear_since_ = at;
    if (at - *clear_since_ < times_.clear_for) return false;
    return enter(AnomalyState::kNormal, *clear_since_);
  }
  if (!breach) return state_ == AnomalyState::kNormal ? false : enter(AnomalyState::kNormal, at);
  const Instant began = state_ == AnomalyState::kPending ? since_ : at;
  if (at - began >= times_.hold_for) return enter(AnomalyState::kFiring, began);
  return enter(AnomalyState::kPending, began);
}

bool DetectorMachine::lose(Instant at) {
  started_ = true;
  return state_ == AnomalyState::kNoData ? false : enter(AnomalyState::kNoData, at);
}

DetectorOutput DetectorInstance::output(AnomalyState previous, bool changed) const {
  return {machine_.state(), previous, changed, value_, judgement_, machine_.since()};
}

// What was held while it was pending is normal after all when nothing came of it, and is forgotten
// when it was an anomaly. An anomaly that lasts too long is the new normal.
void DetectorInstance::settle(Sample sample, Zone zone, AnomalyState previous) {
  const AnomalyState state = machine_.state();
  if (state == AnomalyState::kPending || state == AnomalyState::kFiring) {
    if (held_.size() < kHeldSamplesMax) held_.push_back(sample);
    const Instant began = std::max(machine_.since(), relearned_at_);
    if (state == AnomalyState::kFiring && zone == Zone::kBreach && sample.at - began >= times_.relearn_after) {
      scorer_->relearn(held_);
      held_.clear();
      relearned_at_ = sample.at;
    }
    return;
  }
  if (!held_.empty()) {
    if (previous == AnomalyState::kPending) {
      for (const Sample& held : held_) scorer_->learn(held);
    } else {
      scorer_->skip(sample.at - held_.front().at);
    }
    held_.clear();
  }
  scorer_->learn(sample);
}

DetectorOutput DetectorInstance::update(Sample sample) {
  const AnomalyState previous = machine_.state();
  if (evidence_.size() < kEvidenceSamplesMax) {
    evidence_.push_back(sample);
  } else {
    evidence_[evidence_next_] = sample;
    evidence_next_ = (evidence_next_ + 1) % kEvidenceSamplesMax;
  }
  value_ = sample.value;
  last_seen_ = sample.at;
  judgement_ = scorer_->judge(sample);
  const bool changed = machine_.step(sample.at, judgement_.zone);
  settle(sample, judgement_.zone, previous);
  return output(previous, changed);
}

DetectorOutput DetectorInstance::absent(Instant at) {
  const AnomalyState previous = machine_.state();
  held_.clear();
  const bool changed = machine_.lose(at);
  return output(previous, changed);
}

DetectorOutput DetectorInstance::clear(Instant at) {
  const AnomalyState previous = machine_.state();
  const bool changed = machine_.step(at, Zone::kClear);
  if (machine_.state() == AnomalyState::kNormal) held_.clear();
  return output(previous, changed);
}

std::vector<Sample> DetectorInstance::evidence() const {
  std::vector<Sample> out;
  out.reserve(evidence_.size());
  for (std::size_t i = 0; i < evidence_.size(); ++i) out.push_back(evidence_[(evidence_next_ + i) % evidence_.size()]);
  return out;
}

}  // namespace midwatch
