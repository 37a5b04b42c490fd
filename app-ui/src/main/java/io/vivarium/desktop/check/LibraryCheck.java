package io.vivarium.desktop.check;

import io.vivarium.client.Finding;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Sentences;
import io.vivarium.desktop.ui.Texts;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

/** What {@code viv fsck} says of the library, and the button that cures what can be cured. */
final class LibraryCheck extends VBox {
  private final Desk desk;
  private final Texts texts;
  private final Button check;
  private final Button repair;
  private final VBox rows = Nodes.column("check-rows");

  LibraryCheck(Desk desk) {
    this.desk = desk;
    this.texts = desk.texts();
    check =
        Nodes.id(
            Nodes.button(texts.get("library.check"), Icons.SEARCH, () -> run(false)),
            "library-check");
    repair =
        Nodes.id(
            Nodes.button(texts.get("library.repair"), Icons.BUILD, () -> run(true), "accent"),
            "library-repair");
    Nodes.visible(repair, false);
    getStyleClass().addAll("column", "library-check");
    getChildren()
        .addAll(
            Nodes.row(
                "",
                Nodes.label(texts.get("library.title"), "section-title"),
                Nodes.spacer(),
                repair,
                check),
            Nodes.paragraph(texts.get("library.text"), "muted"),
            rows);
  }

  private void run(boolean repairing) {
    check.setDisable(true);
    repair.setDisable(true);
    var job =
        desk.jobs()
            .call(
                texts.get(repairing ? "job.repair" : "job.check"),
                "viv fsck" + (repairing ? " --repair" : ""),
                progress -> desk.vivarium().check(repairing, progress),
                this::show);
    job.stateProperty()
        .subscribe(
            state -> {
              check.setDisable(false);
              repair.setDisable(false);
            });
  }

  private void show(List<Finding> findings) {
    rows.getChildren().setAll(findings.stream().map(this::row).toList());
    if (findings.isEmpty()) {
      rows.getChildren()
          .add(
              Nodes.row(
                  "check-row",
                  Icons.of(Icons.OK, "check-icon", "status-ok"),
                  Nodes.id(Nodes.label(texts.get("library.whole")), "library-whole")));
    }
    Nodes.visible(
        repair, findings.stream().anyMatch(one -> !one.repaired() && !one.repair().isEmpty()));
  }

  private Node row(Finding finding) {
    String cure =
        finding.repaired()
            ? texts.get("library.repaired", finding.repair())
            : finding.repair().isEmpty() ? texts.get("library.noCure") : finding.repair();
    VBox words =
        Nodes.column(
            "",
            Nodes.label(finding.where(), "check-title"),
            Nodes.paragraph(Sentences.of(finding.what())),
            Nodes.paragraph(Sentences.of(cure), "muted"));
    HBox.setHgrow(words, Priority.ALWAYS);
    boolean bad = finding.loss() && !finding.repaired();
    return Nodes.row(
        "check-row",
        Icons.of(
            finding.repaired() ? Icons.OK : bad ? Icons.ERROR : Icons.WARNING,
            "check-icon",
            finding.repaired() ? "status-ok" : bad ? "status-error" : "status-warning"),
        words);
  }
}
