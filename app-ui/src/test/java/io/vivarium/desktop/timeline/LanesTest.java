package io.vivarium.desktop.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.SnapshotInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LanesTest {
  private static SnapshotInfo snapshot(String id, @Nullable String parent, long second) {
    return new SnapshotInfo(
        id,
        "name-" + id,
        parent,
        "",
        Instant.ofEpochSecond(second),
        true,
        id.startsWith("auto"),
        false,
        0,
        0,
        0,
        "",
        null);
  }

  private static List<String> ids(List<Lanes.Row> rows) {
    return rows.stream()
        .map(Lanes.Row::snapshot)
        .map(snapshot -> snapshot == null ? "here" : snapshot.id())
        .toList();
  }

  private static Lanes.Row row(List<Lanes.Row> rows, String id) {
    return rows.get(ids(rows).indexOf(id));
  }

  @Test
  void nothingButThePresent() {
    List<Lanes.Row> rows = Lanes.of(List.of(), null);
    assertThat(rows).containsExactly(new Lanes.Row(null, 0, List.of(), List.of(), false));
  }

  @Test
  void aChainStaysInOneLaneNewestOnTop() {
    List<Lanes.Row> rows = Lanes.of(List.of(snapshot("a", null, 1), snapshot("b", "a", 2)), "b");
    assertThat(ids(rows)).containsExactly("here", "b", "a");
    assertThat(rows).allMatch(row -> row.lane() == 0 && row.passing().isEmpty());
    assertThat(row(rows, "here").down()).isTrue();
    assertThat(row(rows, "b").joining()).containsExactly(0);
    assertThat(row(rows, "a").down()).isFalse();
  }

  @Test
  void aBranchHasALaneOfItsOwnAndJoinsItsParent() {
    List<Lanes.Row> rows =
        Lanes.of(
            List.of(
                snapshot("a", null, 1),
                snapshot("b", "a", 2),
                snapshot("c", "b", 3),
                snapshot("d", "b", 4)),
            "c");
    assertThat(ids(rows)).containsExactly("here", "d", "c", "b", "a");
    assertThat(row(rows, "d").lane()).isEqualTo(1);
    assertThat(row(rows, "d").passing()).containsExactly(0);
    assertThat(row(rows, "c").lane()).isEqualTo(0);
    assertThat(row(rows, "c").passing()).containsExactly(1);
    assertThat(row(rows, "b").joining()).containsExactly(0, 1);
    assertThat(row(rows, "b").passing()).isEmpty();
    assertThat(row(rows, "b").width()).isEqualTo(2);
  }

  @Test
  void presentOfNoKnownSnapshotHasNoLine() {
    List<Lanes.Row> rows = Lanes.of(List.of(snapshot("a", null, 1)), "gone");
    assertThat(row(rows, "here").down()).isFalse();
    assertThat(row(rows, "a").lane()).isZero();
    assertThat(row(rows, "a").joining()).isEmpty();
  }

  @Test
  void aChildStandsAboveItsParentThoughItsClockWasWrong() {
    List<Lanes.Row> rows = Lanes.of(List.of(snapshot("a", null, 100), snapshot("b", "a", 2)), "a");
    assertThat(ids(rows)).containsExactly("here", "b", "a");
  }

  @Test
  void linesLeadPastWhatIsHidden() {
    List<Lanes.Row> rows =
        Lanes.of(
            List.of(
                snapshot("a", null, 1), snapshot("auto1", "a", 2), snapshot("auto2", "auto1", 3)),
            "auto2",
            snapshot -> !snapshot.automatic());
    assertThat(ids(rows)).containsExactly("here", "a");
    assertThat(row(rows, "here").down()).isTrue();
    assertThat(row(rows, "a").joining()).containsExactly(0);
  }

  @Test
  void aCircleOfParentsIsCut() {
    List<Lanes.Row> rows = Lanes.of(List.of(snapshot("a", "b", 1), snapshot("b", "a", 2)), "a");
    assertThat(ids(rows)).containsExactlyInAnyOrder("here", "a", "b");
    assertThat(Lanes.of(List.of(snapshot("auto", "auto", 1)), "auto", snapshot -> false))
        .hasSize(1);
  }

  /** Every line that leads down from a node reaches its parent without a gap, in any tree. */
  @Test
  void linesOfAnyTreeAreWhole() {
    Random random = new Random(7);
    for (int tree = 0; tree < 50; tree++) {
      List<SnapshotInfo> all = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        String parent = i == 0 || random.nextInt(20) == 0 ? null : "s" + random.nextInt(i);
        all.add(snapshot("s" + i, parent, random.nextInt(40)));
      }
      check(Lanes.of(all, "s" + random.nextInt(60)), all);
    }
  }

  private static void check(List<Lanes.Row> rows, List<SnapshotInfo> all) {
    assertThat(ids(rows)).doesNotHaveDuplicates().hasSize(all.size() + 1);
    Set<Integer> lines = new HashSet<>();
    int downs = 0;
    int joins = 0;
    for (Lanes.Row row : rows) {
      Set<Integer> above = new HashSet<>(row.passing());
      above.addAll(row.joining());
      assertThat(above).isEqualTo(lines);
      assertThat(row.passing()).doesNotContain(row.lane());
      lines = new HashSet<>(row.passing());
      if (row.down()) {
        lines.add(row.lane());
        downs++;
      }
      joins += row.joining().size();
    }
    assertThat(lines).isEmpty();
    assertThat(joins).isEqualTo(downs);
  }
}
