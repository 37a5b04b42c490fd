package io.vivarium.desktop.vm;

import io.vivarium.client.SnapshotInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The snapshots in the order and depth in which they are drawn. Knows no view. */
final class SnapshotTree {
  /**
   * A line of the tree.
   *
   * @param snapshot null for "you are here"
   * @param depth 0 at a root
   */
  record Line(@Nullable SnapshotInfo snapshot, int depth) {}

  private SnapshotTree() {}

  /**
   * Lines from the roots down, older children first. A chain without branches stays in one column,
   * as a history does; only a fork goes deeper. "You are here" stands as the last child of the
   * snapshot it descends from, or at the end as a root.
   *
   * @param here id of the snapshot that the present state descends from, or null
   */
  static List<Line> lines(List<SnapshotInfo> snapshots, @Nullable String here) {
    Map<String, List<SnapshotInfo>> children = new HashMap<>();
    Set<String> ids = new HashSet<>();
    for (SnapshotInfo snapshot : snapshots) {
      ids.add(snapshot.id());
    }
    List<SnapshotInfo> roots = new ArrayList<>();
    for (SnapshotInfo snapshot : snapshots) {
      String parent = snapshot.parent();
      if (parent == null || !ids.contains(parent)) {
        roots.add(snapshot);
      } else {
        children.computeIfAbsent(parent, id -> new ArrayList<>()).add(snapshot);
      }
    }
    List<Line> lines = new ArrayList<>();
    for (SnapshotInfo root : roots) {
      add(lines, root, 0, children, here);
    }
    if (here == null || !ids.contains(here)) {
      lines.add(new Line(null, 0));
    }
    return lines;
  }

  private static void add(
      List<Line> lines,
      SnapshotInfo first,
      int depth,
      Map<String, List<SnapshotInfo>> children,
      @Nullable String here) {
    SnapshotInfo at = first;
    while (true) {
      lines.add(new Line(at, depth));
      List<SnapshotInfo> below = children.getOrDefault(at.id(), List.of());
      boolean hereToo = at.id().equals(here);
      if (below.isEmpty()) {
        if (hereToo) {
          lines.add(new Line(null, depth));
        }
        return;
      }
      int straight = hereToo ? below.size() : below.size() - 1;
      for (SnapshotInfo branch : below.subList(0, straight)) {
        add(lines, branch, depth + 1, children, here);
      }
      if (hereToo) {
        lines.add(new Line(null, depth));
        return;
      }
      at = below.getLast();
    }
  }
}
