package io.vivarium.desktop.home;

import io.vivarium.desktop.model.VmItem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.control.ScrollPane;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.Region;

/**
 * Cards in rows. Only those that are seen are in the scene, so that hundreds cost no more than a
 * screen full of them.
 */
final class CardGrid extends ScrollPane {
  private static final double GAP = 16;
  private static final double EDGE = 4;

  private final Function<VmItem, VmCard> maker;
  private final Map<VmItem, VmCard> cards = new HashMap<>();
  private final Sheet sheet = new Sheet();
  private List<VmItem> shown = List.of();

  CardGrid(Function<VmItem, VmCard> maker) {
    this.maker = maker;
    setContent(sheet);
    setFitToWidth(true);
    setFocusTraversable(false);
    getStyleClass().addAll("edge-to-edge", "cards");
    vvalueProperty().subscribe(sheet::requestLayout);
    viewportBoundsProperty().subscribe(bounds -> sheet.requestLayout());
    addEventFilter(KeyEvent.KEY_PRESSED, this::moveFocus);
  }

  void show(List<VmItem> items) {
    if (!shown.equals(items)) {
      shown = items;
      for (VmItem gone : List.copyOf(cards.keySet())) {
        if (!items.contains(gone)) {
          VmCard card = cards.remove(gone);
          if (card != null) {
            card.close();
          }
        }
      }
      sheet.requestLayout();
    }
  }

  private VmCard card(VmItem item) {
    return cards.computeIfAbsent(item, maker);
  }

  /** Cards that are seen. */
  void eachSeen(Consumer<VmCard> action) {
    for (Node child : List.copyOf(sheet.getChildrenUnmodifiable())) {
      action.accept((VmCard) child);
    }
  }

  /** Gives the first card the focus once it stands there. */
  void focusFirst() {
    if (!shown.isEmpty()) {
      focus(0);
    }
  }

  private void focus(int index) {
    sheet.reveal(index);
    sheet.wantsFocus = index;
    sheet.requestLayout();
  }

  void close() {
    cards.values().forEach(VmCard::close);
    cards.clear();
    shown = List.of();
    sheet.clear();
  }

  /** Arrow keys lead from card to card, in rows as they stand. */
  private void moveFocus(KeyEvent event) {
    int at = -1;
    for (Node child : sheet.getChildrenUnmodifiable()) {
      if (child.isFocused()) {
        at = shown.indexOf(((VmCard) child).item());
      }
    }
    if (at < 0 || event.isShortcutDown() || event.isAltDown()) {
      return;
    }
    int to =
        switch (event.getCode()) {
          case LEFT -> at - 1;
          case RIGHT -> at + 1;
          case UP -> at - sheet.columns;
          case DOWN -> at + sheet.columns;
          case HOME -> 0;
          case END -> shown.size() - 1;
          default -> at;
        };
    if (to != at) {
      event.consume();
      if (to >= 0 && to < shown.size()) {
        focus(to);
      }
    }
  }

  /** As high as all rows, with children only where the viewport is. */
  private final class Sheet extends Region {
    private int columns = 1;
    private double cardWidth = 290;
    private double cardHeight = 220;
    private int wantsFocus = -1;

    private double rowHeight() {
      return cardHeight + GAP;
    }

    private int rows() {
      return (shown.size() + columns - 1) / columns;
    }

    @Override
    protected double computePrefHeight(double width) {
      measure(width < 0 ? getWidth() : width);
      return 2 * EDGE + rows() * rowHeight();
    }

    private void measure(double width) {
      if (!shown.isEmpty()) {
        VmCard first = card(shown.getFirst());
        if (!sheet.equals(first.getParent())) {
          getChildren().add(first);
          first.applyCss();
        }
        cardWidth = Math.ceil(first.prefWidth(-1));
        cardHeight = Math.ceil(first.prefHeight(cardWidth));
      }
      columns = Math.max(1, (int) ((width - 2 * EDGE + GAP) / (cardWidth + GAP)));
    }

    private void reveal(int index) {
      int row = index / columns;
      double top = EDGE + row * rowHeight();
      double view = getViewportBounds().getHeight();
      double extra = getHeight() - view;
      if (extra > 0) {
        double now = getVvalue() * extra;
        double wanted = Math.clamp(now, Math.max(0, top + rowHeight() - view), Math.max(0, top));
        setVvalue(Math.clamp(wanted / extra, 0, 1));
      }
    }

    void clear() {
      getChildren().clear();
    }

    @Override
    protected void layoutChildren() {
      measure(getWidth());
      Bounds view = getViewportBounds();
      double from = -view.getMinY();
      int first = Math.max(0, (int) ((from - EDGE) / rowHeight())) * columns;
      int last =
          Math.min(shown.size(), ((int) ((from + view.getHeight()) / rowHeight()) + 1) * columns);
      List<VmCard> wanted = new ArrayList<>();
      for (int i = first; i < last; i++) {
        wanted.add(card(shown.get(i)));
      }
      Set<Node> keep = new HashSet<>(wanted);
      getChildren().removeIf(child -> !keep.contains(child) && !child.isFocusWithin());
      for (int i = first; i < last; i++) {
        VmCard card = wanted.get(i - first);
        if (!sheet.equals(card.getParent())) {
          getChildren().add(card);
          card.applyCss();
        }
      }
      // In the order of the list, which is that of the Tab key.
      if (!getChildren().equals(wanted) && getChildren().size() == wanted.size()) {
        Node focused = getScene() == null ? null : getScene().getFocusOwner();
        getChildren().setAll(wanted);
        if (focused != null && keep.contains(focused)) {
          focused.requestFocus();
        }
      }
      for (Node child : getChildren()) {
        int i = shown.indexOf(((VmCard) child).item());
        int row = i / columns;
        child.setVisible(i >= 0);
        child.resizeRelocate(
            EDGE + (i % columns) * (cardWidth + GAP),
            EDGE + row * rowHeight(),
            cardWidth,
            cardHeight);
      }
      if (wantsFocus >= 0 && wantsFocus < shown.size()) {
        VmCard card = cards.get(shown.get(wantsFocus));
        if (card != null && sheet.equals(card.getParent())) {
          wantsFocus = -1;
          card.requestFocus();
        }
      }
    }
  }
}
