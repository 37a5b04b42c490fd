package io.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.SnapshotInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SnapshotTreeViewTest {
  private static SnapshotInfo node(String id, @Nullable String parent, boolean live) {
    return new SnapshotInfo(
        id, id, parent, "", Instant.now(), live, false, false, 1 << 20, 0, 0, "", null);
  }

  private static List<String> lanes(List<SnapshotInfo> all, @Nullable String here) {
    return new SnapshotTreeView(all, here)
        .lines("here").stream().map(line -> line.replaceAll(" {3,}.*", "")).toList();
  }

  @Test
  void lanesBranchOffToTheRight() {
    assertThat(
            lanes(
                List.of(
                    node("a", null, true),
                    node("b", "a", true),
                    node("c", "a", false),
                    node("d", "c", true),
                    node("e", "b", true)),
                "d"))
        .containsExactly("● a", "├─╮", "│ ○ c", "│ ● d", "│ @ here", "● b", "● e");
  }

  @Test
  void theVmIsANodeAmongChildrenAndAlone() {
    assertThat(lanes(List.of(node("a", null, true), node("b", "a", true)), "a"))
        .containsExactly("● a", "├─@ here", "● b");
    assertThat(lanes(List.of(), null)).containsExactly("@ here");
    assertThat(lanes(List.of(node("a", "gone", true)), "gone")).containsExactly("● a", "@ here");
  }

  @Test
  void aLongLaneIsDrawnToo() {
    List<SnapshotInfo> all = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      all.add(node("n" + i, i == 0 ? null : "n" + (i - 1), true));
    }
    assertThat(lanes(all, "n19999")).hasSize(20_001);
  }
}
