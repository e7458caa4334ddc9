import{c as e,ci as s,u as n,a as r,aa as t}from"./settings-kTSzphdA.js";function u(){const a=`refused.${e.refusal.value}`;return s(a)?n(t,{tone:"warn",children:r(a)}):null}export{u as R};
