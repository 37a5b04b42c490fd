package io.vivarium.cli;

import io.vivarium.client.JsonObject;
import io.vivarium.client.Sizes;
import io.vivarium.client.SnapshotInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A VM's snapshots as a tree of text. A node's oldest child goes on in its lane; the others branch
 * off to the right. Where the VM is, is a node of its own.
 */
final class SnapshotTreeView {
  private final Map<@Nullable String, List<SnapshotInfo>> children = new HashMap<>();
  private final @Nullable String here;
  private final List<String[]> rows = new ArrayList<>();

  /**
   * @param all oldest first
   * @param here id of the node that the VM is a child of, or null
   */
  SnapshotTreeView(List<SnapshotInfo> all, @Nullable String here) {
    Set<String> ids = new HashSet<>();
    all.forEach(one -> ids.add(one.id()));
    for (SnapshotInfo one : all) {
      String parent = one.parent() != null && ids.contains(one.parent()) ? one.parent() : null;
      children.computeIfAbsent(parent, id -> new ArrayList<>()).add(one);
    }
    this.here = here != null && ids.contains(here) ? here : null;
  }

  private List<SnapshotInfo> under(@Nullable String id) {
    return children.getOrDefault(id, List.of());
  }

  /**
   * The lines to print.
   *
   * @param place the words for where the VM is
   */
  List<String> lines(String place) {
    rows.clear();
    List<SnapshotInfo> roots = under(null);
    for (SnapshotInfo root : roots) {
      lane(root, "", place);
    }
    if (here == null) {
      rows.add(new String[] {"@ " + place, ""});
    }
    int width = rows.stream().mapToInt(row -> row[0].length()).max().orElse(0);
    return rows.stream()
        .map(row -> (row[0] + " ".repeat(width - row[0].length() + 3) + row[1]).stripTrailing())
        .toList();
  }

  /** Draws a node and its descendants; not by recursion along a lane, which may be long. */
  private void lane(SnapshotInfo first, String before, String place) {
    SnapshotInfo at = first;
    while (at != null) {
      rows.add(new String[] {before + mark(at) + " " + at.name(), detail(at)});
      List<SnapshotInfo> next = under(at.id());
      boolean isHere = at.id().equals(here);
      for (int i = next.size() - 1; i > 0; i--) {
        rows.add(new String[] {before + "├─╮", ""});
        lane(next.get(i), before + "│ ", place);
      }
      if (isHere && next.isEmpty()) {
        rows.add(new String[] {before + "@ " + place, ""});
      } else if (isHere) {
        rows.add(new String[] {before + "├─@ " + place, ""});
      }
      at = next.isEmpty() ? null : next.getFirst();
    }
  }

  private static String mark(SnapshotInfo one) {
    if (one.damage() != null) {
      return "x";
    }
    return one.live() ? "●" : "○";
  }

  private static String detail(SnapshotInfo one) {
    if (one.damage() != null) {
      return one.damage();
    }
    String note = one.note().isEmpty() ? "" : "  " + one.note();
    return Ages.since(one.takenAt())
        + " ago  "
        + Sizes.human(one.ownBytes())
        + "  "
        + SnapshotCommands.kind(one)
        + note;
  }

  /** The same as nested JSON: each node with its {@code children}. */
  List<JsonObject> shape() {
    Map<String, JsonObject> shapes = new HashMap<>();
    Map<String, List<JsonObject>> lists = new HashMap<>();
    List<JsonObject> roots = new ArrayList<>();
    for (List<SnapshotInfo> siblings : children.values()) {
      for (SnapshotInfo one : siblings) {
        List<JsonObject> below = new ArrayList<>();
        lists.put(one.id(), below);
        shapes.put(
            one.id(),
            Shapes.snapshot(one).put("here", one.id().equals(here)).put("children", below));
      }
    }
    children.forEach(
        (parent, siblings) -> {
          List<JsonObject> list = parent == null ? roots : lists.getOrDefault(parent, roots);
          siblings.forEach(one -> list.add(shapes.getOrDefault(one.id(), new JsonObject())));
        });
    return roots;
  }
}
