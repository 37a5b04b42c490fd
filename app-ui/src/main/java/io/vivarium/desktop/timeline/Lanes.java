package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where each snapshot stands in the drawn tree: the newest row on top, each branch in a lane of its
 * own, children always above their parent. Knows no view. What it is given need not be whole: an
 * unknown parent is none, and a circle of parents is cut.
 */
final class Lanes {
  /**
   * A row of the drawing.
   *
   * @param snapshot null for "you are here"
   * @param lane that its node stands in, from 0
   * @param passing lanes whose line goes through the row without touching the node
   * @param joining lanes whose line comes from above and ends in the node
   * @param down whether a line leads from the node to its parent below
   */
  record Row(
      @Nullable SnapshotInfo snapshot,
      int lane,
      List<Integer> passing,
      List<Integer> joining,
      boolean down) {
    /** Lanes that the row has, up to its last one that is not empty. */
    int width() {
      int last = lane;
      for (int other : passing) {
        last = Math.max(last, other);
      }
      for (int other : joining) {
        last = Math.max(last, other);
      }
      return last + 1;
    }
  }

  private final Map<String, SnapshotInfo> byId = new HashMap<>();
  private final Predicate<SnapshotInfo> shown;
  private final Set<String> placed = new HashSet<>();

  /** For each lane the id of the snapshot that its line leads to; null: the lane is free. */
  private final List<@Nullable String> open = new ArrayList<>();

  private final List<Row> rows = new ArrayList<>();

  private Lanes(List<SnapshotInfo> snapshots, Predicate<SnapshotInfo> shown) {
    this.shown = shown;
    for (SnapshotInfo snapshot : snapshots) {
      byId.putIfAbsent(snapshot.id(), snapshot);
    }
  }

  /**
   * All of them, with "you are here" on top.
   *
   * @param here id of the snapshot that the present state descends from, or null
   */
  static List<Row> of(List<SnapshotInfo> snapshots, @Nullable String here) {
    return of(snapshots, here, snapshot -> true);
  }

  /** Those that are to be shown; a line leads past one that is not to the next that is. */
  static List<Row> of(
      List<SnapshotInfo> snapshots, @Nullable String here, Predicate<SnapshotInfo> shown) {
    Lanes lanes = new Lanes(snapshots, shown);
    lanes.place(null, lanes.shownFrom(here));
    for (SnapshotInfo snapshot : lanes.childrenFirst()) {
      lanes.place(snapshot, lanes.shownFrom(snapshot.parent()));
    }
    return lanes.rows;
  }

  /** The id itself if it is shown, else that of its nearest ancestor that is; or null. */
  private @Nullable String shownFrom(@Nullable String id) {
    SnapshotInfo at = id == null ? null : byId.get(id);
    for (int steps = 0; at != null && steps <= byId.size(); steps++) {
      if (shown.test(at)) {
        return at.id();
      }
      String parent = at.parent();
      at = parent == null ? null : byId.get(parent);
    }
    return null;
  }

  /** Newest first, but never a parent before its child, whatever their clocks say. */
  private List<SnapshotInfo> childrenFirst() {
    List<SnapshotInfo> all = byId.values().stream().filter(shown).toList();
    Map<String, Integer> children = new HashMap<>();
    for (SnapshotInfo snapshot : all) {
      String parent = shownFrom(snapshot.parent());
      if (parent != null) {
        children.merge(parent, 1, Integer::sum);
      }
    }
    PriorityQueue<SnapshotInfo> ready = new PriorityQueue<>(Lanes::newestFirst);
    for (SnapshotInfo snapshot : all) {
      if (!children.containsKey(snapshot.id())) {
        ready.add(snapshot);
      }
    }
    List<SnapshotInfo> order = new ArrayList<>();
    Set<String> done = new HashSet<>();
    while (!ready.isEmpty()) {
      SnapshotInfo next = ready.remove();
      order.add(next);
      done.add(next.id());
      String parent = shownFrom(next.parent());
      if (parent != null && children.merge(parent, -1, Integer::sum) == 0) {
        SnapshotInfo free = byId.get(parent);
        if (free != null) {
          ready.add(free);
        }
      }
    }
    // Those of a circle were never free.
    all.stream()
        .filter(one -> !done.contains(one.id()))
        .sorted(Lanes::newestFirst)
        .forEach(order::add);
    return order;
  }

  private static int newestFirst(SnapshotInfo one, SnapshotInfo other) {
    int byTime = other.takenAt().compareTo(one.takenAt());
    return byTime != 0 ? byTime : other.id().compareTo(one.id());
  }

  private void place(@Nullable SnapshotInfo snapshot, @Nullable String parent) {
    String id = snapshot == null ? null : snapshot.id();
    List<Integer> joining = new ArrayList<>();
    List<Integer> passing = new ArrayList<>();
    for (int i = 0; i < open.size(); i++) {
      String leadsTo = open.get(i);
      if (leadsTo != null) {
        (leadsTo.equals(id) ? joining : passing).add(i);
      }
    }
    int lane = joining.isEmpty() ? firstFree() : joining.getFirst();
    for (int joined : joining) {
      open.set(joined, null);
    }
    if (id != null) {
      placed.add(id);
    }
    boolean down = parent != null && !placed.contains(parent);
    while (open.size() <= lane) {
      open.add(null);
    }
    open.set(lane, down ? parent : null);
    while (!open.isEmpty() && open.getLast() == null) {
      open.removeLast();
    }
    rows.add(new Row(snapshot, lane, List.copyOf(passing), List.copyOf(joining), down));
  }

  private int firstFree() {
    for (int i = 0; i < open.size(); i++) {
      if (open.get(i) == null) {
        return i;
      }
    }
    return open.size();
  }
}
